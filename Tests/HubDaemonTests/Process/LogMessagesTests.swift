import Foundation
import Testing

/// The README's list of the log's messages is that of the sources.
@Suite struct LogMessagesTests {
    @Test func theReadmeListsEveryKindOfMessage() throws {
        let readme = try String(contentsOf: repository.appending(path: "README.md"), encoding: .utf8)
        let section = try #require(readme.firstRange(of: "What the log's messages mean"))
        let end = try #require(readme.firstRange(of: "## What is promised"))
        let table = readme[section.lowerBound..<end.lowerBound]
        var listed: Set<String> = []
        for row in table.split(separator: "\n") where row.hasPrefix("| `") {
            let cell = row.split(separator: "|")[0]
            listed.formUnion(cell.matches(of: /`([a-z-]+)`/).map { String($0.1) })
        }
        let kinds = try kindsInSources()
        #expect(kinds.subtracting(listed).sorted() == [], "add to the table of messages in README.md")
        #expect(listed.subtracting(kinds).sorted() == [], "take out of the table of messages in README.md")
    }

    private func kindsInSources() throws -> Set<String> {
        let plain = #/(?:log|logger)\.(?:info|notice|warning|error|critical)\(\s*"([a-z-]+): /#
        let event = #/(?:LinkEvent|log)\(\s*\.(?:info|warning|error), "([a-z-]+)"/#
        var kinds: Set<String> = []
        let sources = repository.appending(path: "Sources").path
        for name in try FileManager.default.subpathsOfDirectory(atPath: sources) where name.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(sources)/\(name)", encoding: .utf8)
            kinds.formUnion(text.matches(of: plain).map { String($0.1) })
            kinds.formUnion(text.matches(of: event).map { String($0.1) })
        }
        return kinds
    }
}
