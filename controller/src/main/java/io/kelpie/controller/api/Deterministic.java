package io.kelpie.controller.api;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Serializes a message so that equal messages have equal bytes: maps in the order of their keys. */
final class Deterministic {
    private Deterministic() {}

    static byte[] bytes(Message message) {
        byte[] bytes = new byte[message.getSerializedSize()];
        CodedOutputStream output = CodedOutputStream.newInstance(bytes);
        output.useDeterministicSerialization();
        try {
            message.writeTo(output);
            output.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("an array of the right size takes the message", e);
        }
        return bytes;
    }
}
