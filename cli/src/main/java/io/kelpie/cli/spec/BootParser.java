package io.kelpie.cli.spec;

import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.ImageSource;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads {@code spec.vm.boot}. Throws {@link io.kelpie.common.yaml.YamlException} on bad input. */
final class BootParser {
    private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{64}");
    private static final Pattern URL = Pattern.compile("https?://[^\\s/]+\\S*");

    private BootParser() {}

    static Boot parse(YamlMap map) {
        Boot.Builder boot = Boot.newBuilder();
        YamlMap image = map.optionalMap("image");
        YamlMap kernel = map.optionalMap("kernel");
        YamlMap initrd = map.optionalMap("initrd");
        String cmdline = map.string("cmdline", "");
        if (image == null && kernel == null) {
            throw map.invalid("image", "there is nothing to boot", "give an image or a kernel");
        }
        if (image != null) {
            boot.setImage(source(image));
        }
        if (kernel != null) {
            boot.setKernel(source(kernel));
        }
        if (initrd != null) {
            if (kernel == null) {
                throw map.invalid("initrd", "needs a kernel", "add boot.kernel");
            }
            boot.setInitrd(source(initrd));
        }
        if (!cmdline.isEmpty()) {
            if (kernel == null) {
                throw map.invalid("cmdline", "needs a kernel", "add boot.kernel");
            }
            if (cmdline.codePoints().anyMatch(Character::isISOControl)) {
                throw map.invalid("cmdline", "has a line end or control character", "write it on one line");
            }
            boot.setCmdline(cmdline);
        }
        map.rejectUnknown();
        return boot.build();
    }

    private static ImageSource source(YamlMap map) {
        ImageSource.Builder source = ImageSource.newBuilder();
        String file = map.optionalString("file");
        String url = map.optionalString("url");
        String sha256 = map.string("sha256", "");
        map.rejectUnknown(Set.of("name"));
        if (file != null && url != null) {
            throw map.invalid("url", "there is a file already", "keep one of file and url");
        }
        if (file != null) {
            if (file.isEmpty() || file.codePoints().anyMatch(Character::isISOControl)) {
                throw map.invalid("file", QuotedText.of(file) + " is not a path", "give a path below a host's pool");
            }
            source.setFile(file);
        } else if (url != null) {
            if (!URL.matcher(url).matches()) {
                throw map.invalid(
                        "url", QuotedText.of(url) + " is not an http or https URL", "give http://… or https://…");
            }
            if (sha256.isEmpty()) {
                throw map.invalid("sha256", "is required with a url", "add the image's sha256: 64 hexadecimal digits");
            }
            source.setUrl(url);
        } else {
            throw map.invalid("file", "no source is named", "give file: PATH, or url: URL and sha256: DIGEST");
        }
        if (!sha256.isEmpty() && !SHA256.matcher(sha256).matches()) {
            throw map.invalid("sha256", QuotedText.of(sha256) + " is not a digest", "give 64 hexadecimal digits");
        }
        return source.setSha256(sha256.toLowerCase(Locale.ROOT)).build();
    }
}
