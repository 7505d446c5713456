package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.InstanceId;
import java.io.IOException;
import java.io.StringReader;
import java.util.Optional;
import java.util.UUID;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** The element in a domain's metadata that says which instance it is. */
final class InstanceMetadata {
    /** Names the element's format too: another format gets another namespace or a higher {@code format}. */
    static final String NAMESPACE = "https://kelpie.io/libvirt/instance";

    private static final String ELEMENT = "instance";
    private static final String FORMAT = "1";

    private InstanceMetadata() {}

    static Element element(Document document, InstanceId id) {
        Element element = document.createElementNS(NAMESPACE, "kelpie:" + ELEMENT);
        element.setAttribute("format", FORMAT);
        element.setAttribute("vm", id.vmId().toString());
        element.setAttribute("incarnation", Long.toString(id.incarnation()));
        return element;
    }

    /** Empty if the element is not one that this version writes. */
    static Optional<InstanceId> parse(String xml) {
        try {
            Element element = Xml.secureBuilder()
                    .parse(new InputSource(new StringReader(xml)))
                    .getDocumentElement();
            if (!element.getAttribute("format").equals(FORMAT)) {
                return Optional.empty();
            }
            return Optional.of(new InstanceId(
                    UUID.fromString(element.getAttribute("vm")), Long.parseLong(element.getAttribute("incarnation"))));
        } catch (ParserConfigurationException | SAXException | IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
