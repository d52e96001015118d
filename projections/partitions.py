"""Which partition a project belongs to."""

import zlib
from uuid import UUID


def partition_of(project_id: UUID, partitions: int) -> int:
    """Return the partition, from 0: CRC-32 of the id's 16 bytes, modulo the number of partitions."""
    return zlib.crc32(project_id.bytes) % partitions
