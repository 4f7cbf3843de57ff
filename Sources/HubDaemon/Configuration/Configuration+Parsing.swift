/// Something about a configuration file that stops the hub (an error) or that its operator should know (a warning).
struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    var file: String
    /// From 1; nil when the file says nothing at all of it.
    var line: Int?
    var key: String?
    /// Never a password.
    var found: String?
    var expected: String

    /// `file:line: key: found 'this', expected that`
    var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        let subject = key.map { " \($0):" } ?? ""
        return "\(place):\(subject)\(found.map { " found '\($0)'," } ?? "") expected \(expected)"
    }
}

/// All errors of a file at once; the warnings too, since they may explain them.
struct ConfigurationErrors: Error, Hashable, CustomStringConvertible {
    var errors: [ConfigurationProblem]
    var warnings: [ConfigurationProblem]

    var description: String {
        (warnings.map { "warning: \($0)" } + errors.map { "error: \($0)" }).joined(separator: "\n")
    }
}

/// A file that can be used.
struct ParsedConfiguration: Hashable, Sendable {
    var configuration: Configuration
    var warnings: [ConfigurationProblem]
}

extension Configuration {
    /// Reads `key : value` lines. Empty lines and lines that begin with `#` are comments; the value begins after the
    /// first colon and has no comments of its own, so that a password may contain any of both.
    ///
    /// - Parameter file: how messages call it.
    static func parse(_ text: String, file: String) throws(ConfigurationErrors) -> ParsedConfiguration {
        var configuration = Configuration()
        var errors: [ConfigurationProblem] = []
        var warnings: [ConfigurationProblem] = []
        var lines: [String: Int] = [:]

        for (number, line) in configurationLines(text) {
            guard let (key, value) = line.pair else {
                if let found = line.oddText {
                    errors.append(.init(file: file, line: number, found: found, expected: "'key : value'"))
                }
                continue
            }
            guard let setting = Setting.named(key) else {
                warnings.append(
                    .init(file: file, line: number, key: key, expected: "a known key; the line has no effect"))
                continue
            }
            if let first = lines[key] {
                errors.append(.init(file: file, line: number, key: key, expected: "each key once; see line \(first)"))
                continue
            }
            lines[key] = number
            do throws(MalformedValue) {
                try setting.read(value, &configuration)
            } catch {
                errors += error.parts.map { part in
                    ConfigurationProblem(
                        file: file, line: number, key: key, found: part.found, expected: part.expected)
                }
            }
        }
        for setting in Setting.all where setting.isRequired && lines[setting.key] == nil {
            errors.append(.init(file: file, key: setting.key, expected: "\(setting.expected); the key is missing"))
        }

        let wrongKeys = Set(errors.compactMap(\.key))
        let findings = configuration.findings()
        let place = { (finding: Finding) in
            ConfigurationProblem(
                file: file, line: lines[finding.key], key: finding.key, found: finding.found,
                expected: finding.expected)
        }
        errors += findings.filter { $0.isError && wrongKeys.isDisjoint(with: [$0.key] + $0.others) }.map(place)
        warnings += findings.filter { !$0.isError && wrongKeys.isDisjoint(with: [$0.key] + $0.others) }.map(place)
        guard errors.isEmpty else { throw ConfigurationErrors(errors: errors, warnings: warnings) }
        return ParsedConfiguration(configuration: configuration, warnings: warnings)
    }
}

/// A line of a configuration file without its end.
struct ConfigurationLine: Hashable {
    var text: String

    /// Key and value, when the line has them.
    var pair: (key: String, value: String)? {
        guard !isComment, let colon = text.firstIndex(of: ":") else { return nil }
        return (text[..<colon].trimmingSpaces, text[text.index(after: colon)...].trimmingSpaces)
    }

    /// What stands there when it is neither a pair nor a comment.
    var oddText: String? { isComment || text.contains(":") ? nil : text.trimmingSpaces }

    private var isComment: Bool {
        let content = text.trimmingSpaces
        return content.isEmpty || content.hasPrefix("#")
    }
}

/// The lines of a file, numbered from 1.
func configurationLines(_ text: String) -> [(number: Int, line: ConfigurationLine)] {
    let scalars = text.unicodeScalars.drop { $0 == "\u{FEFF}" }
    let lines = scalars.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.enumerated().map { index, line in
        (index + 1, ConfigurationLine(text: String(String.UnicodeScalarView(line))))
    }
}
