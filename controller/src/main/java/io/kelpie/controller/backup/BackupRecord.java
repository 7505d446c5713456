package io.kelpie.controller.backup;

import com.google.protobuf.ByteString;
import io.kelpie.controller.store.RecordKey;

/** A record of a backup, as the store holds it. */
public record BackupRecord(RecordKey key, ByteString value) {}
