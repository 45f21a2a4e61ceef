"""Scores on disk while a task is being scored: a killed run loses at most the batch in flight.

One file a task. A header line names what decides the numbers; records follow, each with its length and a checksum. A
record that was cut short, and all after it, is dropped on opening.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from curation.core.artifact import output_error

_HEAD = struct.Struct("<II")  # tokens in the record, CRC-32 of its body


class Journal:
    """Token numbers and their log-probabilities, appended batch by batch."""

    def __init__(self, path: Path, key: str, temperatures: int) -> None:
        """Open or start a journal.

        Args:
            path: the file; it is begun anew if it is of another key.
            key: fingerprint of scorer, options and queries.
            temperatures: rows of values in a record.

        Raises:
            OutputError: the file cannot be written.
        """
        self._path = path
        self._rows = temperatures
        head = f"curate scores 1 {key} {temperatures}\n".encode()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            body = path.read_bytes() if path.exists() else b""
            self.found, end = self._read(body, len(head)) if body.startswith(head) else ([], 0)
            self._file = path.open("r+b" if end else "wb")
            if end:
                self._file.truncate(end)
                self._file.seek(end)
            else:
                self._file.write(head)
        except OSError as error:
            raise output_error(error, path) from error

    def _read(self, body: bytes, at: int) -> tuple[list[tuple[NDArray[np.int64], NDArray[np.float32]]], int]:
        records = []
        while at + _HEAD.size <= len(body):
            count, check = _HEAD.unpack_from(body, at)
            size = count * (8 + 4 * self._rows)
            record = body[at + _HEAD.size : at + _HEAD.size + size]
            if len(record) < size or zlib.crc32(record) != check:
                break
            numbers = np.frombuffer(record, np.int64, count)
            values = np.frombuffer(record, np.float32, count * self._rows, 8 * count).reshape(self._rows, count)
            records.append((numbers, values))
            at += _HEAD.size + size
        return records, at

    def add(self, numbers: NDArray[np.int64], values: NDArray[np.float32]) -> None:
        """Append a batch: token numbers int64 ``[n]`` and values float32 ``[temperatures, n]``."""
        record = numbers.astype(np.int64).tobytes() + np.ascontiguousarray(values, np.float32).tobytes()
        try:
            self._file.write(_HEAD.pack(len(numbers), zlib.crc32(record)) + record)
            self._file.flush()
        except OSError as error:
            raise output_error(error, self._path) from error

    def __enter__(self) -> Journal:
        """Be closed however the block ends."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hand what was written to the disk and close."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()
