package io.kelpie.controller.store;

import com.google.protobuf.ByteString;

/** A record as the store holds it. */
public record StoredRecord(RecordKey key, ByteString value, int version) {}
