import ArgumentParser
import Foundation
import Testing

@testable import Inspection

/// The README's tables of `pika_hub_inspect` are those of its command line.
@Suite struct ReadmeTests {
    private static let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "README.md")

    /// What stands in backquotes in the first cells of the section's tables: `log [--from INDEX]`.
    private func listed() throws -> [String: Set<String>] {
        let text = try String(contentsOf: Self.readme, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n## Looking into floyd-path\n").dropFirst().first)
        var found: [String: Set<String>] = [:]
        for row in section.components(separatedBy: "\n## ")[0].split(separator: "\n") where row.hasPrefix("| `") {
            let syntax = row.split(separator: "`")[1]
            let options = syntax.matches(of: /--[a-z-]+/).map { String($0.0) }
            found[String(syntax.prefix { $0 != " " })] = Set(options)
        }
        return found
    }

    /// What a report takes besides `--json` and `--show-secrets`, which are said once above the table.
    @Test func everyCommandIsListedWithItsOptions() throws {
        var expected: [String: Set<String>] = [:]
        for command in InspectCommand.configuration.subcommands {
            let help = InspectCommand.helpMessage(for: command)
            let options = Set(help.matches(of: /(?m)^ +(?:-h, )?(--[a-z-]+)/).map { String($0.1) })
            let name = try #require(command.configuration.commandName)
            expected[name] = options.subtracting(["--help", "--json", "--show-secrets"])
        }
        #expect(try listed() == expected)
        #expect(expected["recover"] == ["--keep-only-this-hub", "--yes"])
    }
}
