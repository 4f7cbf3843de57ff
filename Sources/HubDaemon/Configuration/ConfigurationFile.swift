internal import HubStore

extension Configuration {
    /// More than any configuration needs.
    private static let maximumFileBytes = 1 << 20

    /// Reads and checks a file.
    static func load(_ path: String) throws(ConfigurationFileError) -> ParsedConfiguration {
        let text = try readText(path)
        do {
            return try parse(text, file: path)
        } catch {
            throw .invalid(error)
        }
    }

    /// Brings the lines of the file at `path` in line with this configuration (`rewriting`). What would not read
    /// back as the same configuration, such as a password with a comma, is refused and leaves the file alone.
    func rewrite(_ path: String) throws(ConfigurationFileError) {
        let text = rewriting(try Self.readText(path))
        do {
            guard try Self.parse(text, file: path).configuration == self else {
                throw ConfigurationFileError.notWritable
            }
        } catch let error as ConfigurationErrors {
            throw .invalid(error)
        } catch {
            throw .notWritable
        }
        do {
            try DurableFile.write(Array(text.utf8), to: path)
        } catch {
            throw .file(error)
        }
    }

    private static func readText(_ path: String) throws(ConfigurationFileError) -> String {
        let bytes: [UInt8]
        do {
            bytes = try DurableFile.read(path, limit: maximumFileBytes + 1)
        } catch {
            throw .file(error)
        }
        guard bytes.count <= maximumFileBytes, let text = String(validating: bytes, as: UTF8.self) else {
            throw .notText(path: path)
        }
        return text
    }
}

enum ConfigurationFileError: Error, Equatable, CustomStringConvertible {
    case file(FileError)
    case notText(path: String)
    case invalid(ConfigurationErrors)
    /// A value cannot be written so that it reads back the same.
    case notWritable

    var description: String {
        switch self {
        case .file(let error): error.description
        case .notText(let path): "\(path): expected a text file in UTF-8, at most 1 MiB long"
        case .invalid(let errors): errors.description
        case .notWritable: "a value cannot be written in the file, such as a server's password with a comma"
        }
    }
}
