"""Templates of 50 to 300 lines: SAM, short forms of intrinsic functions, conditions, and what goes with functions."""

from collections.abc import Iterator

CDK_FILE = """{
  "app": "python3 app.py",
  "context": {
    "@aws-cdk/core:newStyleStackSynthesis": true
  }
}
"""
_RUNTIMES = {"python": "python3.13", "node": "nodejs22.x", "java": "java21", "go": "provided.al2023"}
_HANDLERS = {
    "python": "app.handle",
    "node": "app.handle",
    "java": "com.acme.App::handle",
    "go": "bootstrap",
}
_CODE = {"python": "src/", "node": "src/", "java": ".", "go": "."}


def template(name: str, language: str, number: int) -> str:
    """The template of a unit; its number decides how many functions it has."""
    if number % 8 == 0:
        return _SMALL.format(runtime=_RUNTIMES[language], handler=_HANDLERS[language], code=_CODE[language])
    parts = [_HEAD.format(name=name, runtime=_RUNTIMES[language])]
    functions = range(1 + number % 5)
    parts += [_function(f"Handler{one}", language, one) for one in functions]
    parts += [part for one in functions if one % 2 for part in _queue(f"Handler{one}")]
    if number % 4 == 1:
        parts.append(_STATE_MACHINE)
    parts.append(_TAIL)
    return "".join(parts)


def _function(name: str, language: str, number: int) -> str:
    values = {"name": name, "handler": _HANDLERS[language], "code": _CODE[language], "path": f"/items/{number}"}
    return _FUNCTION.format(**values)


def _queue(function: str) -> Iterator[str]:
    yield _QUEUE.format(name=function)


_SMALL = """AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31

Parameters:
  Stage:
    Type: String
    Default: dev
  Schedule:
    Type: String
    Default: rate(1 hour)

Resources:
  Reports:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {{SSEAlgorithm: aws:kms}}
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true

  Report:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: {runtime}
      Handler: {handler}
      CodeUri: {code}
      Environment:
        Variables:
          STAGE: !Ref Stage
          BUCKET: !Ref Reports
      Policies:
        - S3CrudPolicy: {{BucketName: !Ref Reports}}
      Events:
        Now:
          Type: Schedule
          Properties:
            Schedule: !Ref Schedule
            Enabled: true

Outputs:
  Reports:
    Value: !GetAtt Reports.Arn
  Report:
    Value: !GetAtt Report.Arn
"""
_HEAD = """AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: >
  {name}: handles what other applications tell it, and keeps what it needs of that.

Parameters:
  Stage:
    Type: String
    Default: dev
    AllowedValues: [dev, test, staging, prod, sandbox]
  LogLevel:
    Type: String
    Default: INFO
  AlarmTopic:
    Type: String
    Default: ""

Mappings:
  Sizes:
    dev: {{Memory: 256, Retention: 7}}
    test: {{Memory: 256, Retention: 7}}
    staging: {{Memory: 512, Retention: 30}}
    sandbox: {{Memory: 256, Retention: 1}}
    prod: {{Memory: 1024, Retention: 365}}

Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  HasAlarms: !Not [!Equals [!Ref AlarmTopic, ""]]

Globals:
  Function:
    Runtime: {runtime}
    Timeout: 30
    MemorySize: !FindInMap [Sizes, !Ref Stage, Memory]
    Tracing: Active
    Environment:
      Variables:
        STAGE: !Ref Stage
        LOG_LEVEL: !Ref LogLevel
        TABLE: !Ref Table

Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: !If [IsProd, Retain, Delete]
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {{AttributeName: pk, AttributeType: S}}
        - {{AttributeName: sk, AttributeType: S}}
      KeySchema:
        - {{AttributeName: pk, KeyType: HASH}}
        - {{AttributeName: sk, KeyType: RANGE}}
      PointInTimeRecoverySpecification:
        PointInTimeRecoveryEnabled: !If [IsProd, true, false]
"""
_FUNCTION = """
  {name}:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: {code}
      Handler: {handler}
      Description: !Sub "Handles {path} in ${{Stage}} of ${{AWS::StackName}}"
      Policies:
        - DynamoDBCrudPolicy: {{TableName: !Ref Table}}
        - Statement:
            - Effect: Allow
              Action: [events:PutEvents]
              Resource: !Sub arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:event-bus/default
      Events:
        Request:
          Type: HttpApi
          Properties:
            Path: {path}
            Method: post
        Changed:
          Type: EventBridgeRule
          Properties:
            Pattern:
              source: [!Sub "acme.${{Stage}}"]
              detail-type: [Created, Changed]
      LoggingConfig:
        LogFormat: JSON
        LogGroup: !Ref {name}Logs
  {name}Logs:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Join ["/", [/acme, !Ref Stage, !Ref AWS::StackName, {name}]]
      RetentionInDays: !FindInMap [Sizes, !Ref Stage, Retention]
"""
_QUEUE = """
  {name}Failed:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: 1209600
      SqsManagedSseEnabled: true
  {name}Alarm:
    Type: AWS::CloudWatch::Alarm
    Condition: HasAlarms
    Properties:
      AlarmDescription: !Sub "Something of ${{AWS::StackName}} was not handled."
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions:
        - {{Name: QueueName, Value: !GetAtt {name}Failed.QueueName}}
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [!Ref AlarmTopic]
"""
_STATE_MACHINE = """
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: STANDARD
      Definition:
        StartAt: Handle
        States:
          Handle:
            Type: Task
            Resource: !GetAtt Handler0.Arn
            Retry:
              - {ErrorEquals: [States.TaskFailed], MaxAttempts: 3, BackoffRate: 2}
            Next: Done
          Done: {Type: Succeed}
      Policies:
        - LambdaInvokePolicy: {FunctionName: !Ref Handler0}
"""
_TAIL = """
Outputs:
  Table:
    Value: !Ref Table
    Export: {Name: !Sub "${AWS::StackName}-table"}
  Function:
    Value: !GetAtt Handler0.Arn
"""
