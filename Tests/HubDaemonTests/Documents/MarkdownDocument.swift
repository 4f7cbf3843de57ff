import Foundation

/// What the tests look at in a document of the repository: headings, fenced blocks and tables, in their order.
struct MarkdownDocument {
    struct Block: Hashable {
        /// What stands behind the opening fence.
        var kind: String
        var text: String
    }

    typealias Table = [[String]]

    /// Everything as it stands.
    let text: String
    /// Levels of the headings: 1 for `#`.
    private(set) var levels: [Int] = []
    private(set) var blocks: [Block] = []
    /// Cells without the surrounding spaces; the row of dashes is left out.
    private(set) var tables: [Table] = []

    /// - Parameters:
    ///   - name: of a file in the root of the repository.
    ///   - end: the heading that is left out with all that follows it; nil for the whole file.
    init(_ name: String, before end: String? = nil) throws {
        text = try String(contentsOf: repository.appending(path: name), encoding: .utf8)
        var block: Block?
        var table: Table = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("|"), block == nil {
                let cells = Self.cells(line)
                if !cells.allSatisfy({ $0.allSatisfy { $0 == "-" } }) { table.append(cells) }
                continue
            }
            if !table.isEmpty { tables.append(table) }
            table = []
            if let open = block {
                block = line == "```" ? nil : Block(kind: open.kind, text: open.text + line + "\n")
                if block == nil { blocks.append(open) }
            } else if line.hasPrefix("```") {
                block = Block(kind: String(line.dropFirst(3)), text: "")
            } else if line.hasPrefix("#") {
                if line == end ?? "" { return }
                levels.append(line.prefix { $0 == "#" }.count)
            }
        }
        if !table.isEmpty { tables.append(table) }
    }

    /// The table whose first heading is this.
    func table(_ heading: String) -> Table? { tables.first { $0[0][0] == heading }.map { Array($0.dropFirst()) } }

    /// What stands between backquotes in a cell.
    static func code(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
    }

    /// A bar behind a backslash belongs to the cell.
    private static func cells(_ line: Substring) -> [String] {
        line.replacing("\\|", with: "\u{0}").split(separator: "|").map {
            $0.replacing("\u{0}", with: "\\|").trimmingCharacters(in: .whitespaces)
        }
    }
}
