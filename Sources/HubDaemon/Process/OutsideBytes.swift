internal import NIOCore

/// The parsers of this module that read bytes from outside, as the fuzzer calls them from its own module.
package enum OutsideBytes {
    /// What the admin port makes of bytes that arrive in parts: whole requests, and the violation that ends the
    /// connection, if there is one.
    package static func requests(in parts: [ArraySlice<UInt8>]) -> (requests: [[[UInt8]]], violation: String?) {
        var decoder = RequestDecoder()
        var requests: [[[UInt8]]] = []
        do throws(RequestDecoder.Violation) {
            for part in parts {
                decoder.feed(part)
                while let request = try decoder.next() { requests.append(request) }
            }
        } catch {
            return (requests, error.description)
        }
        return (requests, nil)
    }

    /// What a hub makes of another hub's bytes that arrive in parts: the number of messages of each whole frame, and
    /// what ends the connection.
    package static func frames(in parts: [ArraySlice<UInt8>]) -> (messageCounts: [Int], failure: String?) {
        var buffer = ByteBuffer()
        var counts: [Int] = []
        do throws(HubFrame.Failure) {
            for part in parts {
                buffer.writeBytes(part)
                while let frame = try HubFrame.read(from: &buffer) { counts.append(frame.messages.count) }
                buffer.discardReadBytes()
            }
        } catch {
            return (counts, error.description)
        }
        return (counts, nil)
    }

    /// A frame around a body that another module has written.
    package static func frame(around body: [UInt8]) -> [UInt8] {
        var buffer = ByteBuffer()
        HubFrame.write(body: body, to: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// What is wrong with a configuration file's text; nil when it can be used.
    package static func problems(inConfiguration text: String) -> String? {
        do throws(ConfigurationErrors) {
            let parsed = try Configuration.parse(text, file: "file")
            _ = parsed.configuration.checked
            return nil
        } catch {
            return error.description
        }
    }
}
