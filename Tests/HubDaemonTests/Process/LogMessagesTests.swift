import Foundation
import Testing

/// The READMEs' lists of the log's messages are that of the sources.
@Suite struct LogMessagesTests {
    @Test(arguments: [("README.md", "message"), ("README.zh.md", "消息")])
    func theReadmeListsEveryKindOfMessage(file: String, heading: String) throws {
        let table = try #require(try MarkdownDocument(file).table(heading))
        let listed = Set(table.flatMap { MarkdownDocument.code($0[0]) })
        let kinds = try kindsInSources()
        #expect(kinds.subtracting(listed).sorted() == [], "add to the table of messages in \(file)")
        #expect(listed.subtracting(kinds).sorted() == [], "take out of the table of messages in \(file)")
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
