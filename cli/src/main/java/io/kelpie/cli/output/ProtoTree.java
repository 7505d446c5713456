package io.kelpie.cli.output;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A message as a tree for {@link JsonText} and {@link YamlText}: fields in camel case and in the order of the message,
 * numbers as numbers, enum values without the prefix that repeats the enum's name. Fields that are not set are shown
 * with their default, messages that are not set are left out.
 */
public final class ProtoTree {
    private ProtoTree() {}

    public static Map<String, Object> of(Message message) {
        Map<String, Object> tree = new LinkedHashMap<>();
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            if (field.isMapField()) {
                tree.put(field.getJsonName(), map(field, message));
            } else if (field.isRepeated()) {
                tree.put(field.getJsonName(), list(field, message));
            } else if (!field.hasPresence() || message.hasField(field)) {
                tree.put(field.getJsonName(), value(field, message.getField(field)));
            }
        }
        return tree;
    }

    private static Map<String, Object> map(FieldDescriptor field, Message message) {
        FieldDescriptor key = field.getMessageType().findFieldByName("key");
        FieldDescriptor value = field.getMessageType().findFieldByName("value");
        Map<String, Object> map = new TreeMap<>();
        for (Object item : (List<?>) message.getField(field)) {
            Message entry = (Message) item;
            map.put(entry.getField(key).toString(), value(value, entry.getField(value)));
        }
        return map;
    }

    private static List<Object> list(FieldDescriptor field, Message message) {
        List<Object> list = new ArrayList<>();
        for (Object item : (List<?>) message.getField(field)) {
            list.add(value(field, item));
        }
        return list;
    }

    private static Object value(FieldDescriptor field, Object value) {
        if (value instanceof Message message) {
            return of(message);
        }
        if (value instanceof EnumValueDescriptor constant) {
            return shortName(constant);
        }
        if (value instanceof ByteString bytes) {
            return Base64.getEncoder().encodeToString(bytes.toByteArray());
        }
        if (value instanceof Integer number && field.getType() == FieldDescriptor.Type.UINT32) {
            return Integer.toUnsignedLong(number);
        }
        return value;
    }

    private static String shortName(EnumValueDescriptor constant) {
        String prefix = constant.getType()
                        .getName()
                        .replaceAll("([a-z0-9])([A-Z])", "$1_$2")
                        .toUpperCase(Locale.ROOT) + "_";
        String name = constant.getName();
        return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    }
}
