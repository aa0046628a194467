"""An artifacts bucket: versioned, encrypted, reached over TLS only, never public, kept when its stack goes."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct


def artifacts_bucket(scope: Construct, name: str) -> s3.Bucket:
    """Make one."""
    return s3.Bucket(
        scope,
        "Artifacts",
        bucket_name=name,
        versioned=True,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        # Kept when its stack goes, but not when its stack never came to be: the next try could not make it then.
        # What is found at each look at a branch replaces what was found before, which nobody asks for again.
        lifecycle_rules=[s3.LifecycleRule(prefix="surveys/", noncurrent_version_expiration=cdk.Duration.days(1))],
        removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    )
