import Foundation
import Testing

@testable import HubDaemon

/// `README.zh.md` keeps step with the operator's part of `README.md`, whose tables are compared with the sources
/// elsewhere.
@Suite struct ChineseReadmeTests {
    private let english: MarkdownDocument
    private let chinese: MarkdownDocument

    init() throws {
        english = try MarkdownDocument("README.md", before: "## For engineers")
        chinese = try MarkdownDocument("README.zh.md")
    }

    @Test func sectionsStandInTheSameOrder() { #expect(chinese.levels == english.levels) }

    /// Commands and what they print are the same in every language.
    @Test func proceduresAreTheSame() {
        func shown(_ document: MarkdownDocument) -> [MarkdownDocument.Block] {
            document.blocks.filter { $0.kind == "transcript" || $0.text.hasPrefix("$ ") }
        }
        #expect(shown(english).count > 15)
        #expect(chinese.blocks.count == english.blocks.count)
        for (there, here) in zip(shown(english), shown(chinese)) { #expect(here == there) }
    }

    /// Settings, commands, metrics, messages and all else that has a row has one here, too, under the same name.
    @Test func tablesHaveTheSameRows() {
        #expect(english.tables.count > 8 && chinese.tables.count == english.tables.count)
        for (there, here) in zip(english.tables, chinese.tables) {
            let names = there.dropFirst().map { MarkdownDocument.code($0[0]) }
            #expect(here.dropFirst().map { MarkdownDocument.code($0[0]) } == names, "\(there[0])")
            #expect(here.allSatisfy { $0.count == there[0].count && !$0.contains("") }, "\(there[0])")
        }
    }

    @Test func settingsHaveTheirDefaults() throws {
        let rows = try #require(chinese.table("配置项"))
        let words = ["(empty)": "（空）", "(required)": "（必填）"]
        let expected = try #require(english.table("key")).map { row in
            [row[0], words[row[2]] ?? row[2], row[3] == "yes" ? "是" : "否"]
        }
        #expect(rows.map { [$0[0], $0[2], $0[3]] } == expected && rows.count == Setting.all.count)
    }

    @Test func metricsHaveTheirKinds() throws {
        let rows = try #require(chinese.table("指标"))
        #expect(rows.map { [$0[0], $0[1]] } == Metric.all.map { ["`\($0.name)`", $0.kind.rawValue] })
    }

    @Test func commandsHaveTheirSyntax() throws {
        let rows = try #require(chinese.table("命令"))
        let expected = AdminCommand.all.map { $0.syntax.replacing("|", with: "\\|") }
        #expect(rows.map { MarkdownDocument.code($0[0]) } == expected.map { [$0] })
    }
}
