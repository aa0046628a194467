"""Resources with data in them that a deployment deletes or replaces, perhaps or for certain."""

from collections.abc import Iterable

from orchestrator.aws.change_set import ResourceChange

# What cfn-lint calls stateful, which the Lambdas do not carry: a test compares both.
_OF_CFN_LINT = """
    AWS::Backup::BackupVault AWS::CloudFormation::Stack AWS::Cognito::UserPool AWS::DocDB::DBCluster
    AWS::DocDB::DBInstance AWS::DynamoDB::GlobalTable AWS::DynamoDB::Table AWS::EC2::Volume AWS::EFS::FileSystem
    AWS::EMR::Cluster AWS::ElastiCache::CacheCluster AWS::ElastiCache::ReplicationGroup AWS::Elasticsearch::Domain
    AWS::FSx::FileSystem AWS::KMS::Key AWS::Kinesis::Stream AWS::Logs::LogGroup AWS::Neptune::DBCluster
    AWS::Neptune::DBInstance AWS::OpenSearchService::Domain AWS::Organizations::Account AWS::QLDB::Ledger
    AWS::RDS::DBCluster AWS::RDS::DBInstance AWS::Redshift::Cluster AWS::S3::Bucket AWS::SDB::Domain AWS::SQS::Queue
    AWS::SecretsManager::Secret
"""
_OTHERS = """
    AWS::AppConfig::HostedConfigurationVersion AWS::Cassandra::Table AWS::CloudTrail::EventDataStore
    AWS::CodeCommit::Repository AWS::Cognito::IdentityPool AWS::DAX::Cluster AWS::DocDBElastic::Cluster
    AWS::DynamoDB::ReplicatedTable AWS::EC2::Instance AWS::ECR::Repository AWS::ElastiCache::ServerlessCache
    AWS::Events::Archive AWS::Glue::Database AWS::Glue::Table AWS::KMS::ReplicaKey AWS::KinesisVideo::Stream
    AWS::MSK::Cluster AWS::MemoryDB::Cluster AWS::NeptuneGraph::Graph AWS::OpenSearchServerless::Collection
    AWS::RDS::GlobalCluster AWS::RedshiftServerless::Namespace AWS::Route53::HostedZone AWS::S3Express::DirectoryBucket
    AWS::S3Tables::TableBucket AWS::SSM::Parameter AWS::Serverless::SimpleTable
    AWS::Timestream::Database AWS::Timestream::Table
"""
STATEFUL = frozenset((*_OF_CFN_LINT.split(), *_OTHERS.split()))
"""Types of resources that hold what no template brings back."""

# Actions of CloudFormation that leave what is there as it is.
_HARMLESS = ("Add", "Import", "Modify")


def loses_data(change: ResourceChange) -> bool:
    """Whether a change deletes or replaces a stateful resource, or may; what is not known is taken for yes."""
    keeps = change.action in _HARMLESS and not change.replacement and not change.conditional
    return change.type in STATEFUL and not keeps


def losses(changes: Iterable[ResourceChange]) -> list[ResourceChange]:
    """The changes of stateful resources that approvers must not miss."""
    return [change for change in changes if loses_data(change)]
