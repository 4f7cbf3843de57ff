import ArgumentParser
import HubStore
import RaftLog

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Lists the entries of the Raft log.")

    @OptionGroup var options: DirectoryOptions
    @OptionGroup var secrets: SecretOptions
    @Option(help: "The first index to list.") var from: UInt64 = 0
    @Option(help: "The last index to list.") var to: UInt64 = .max

    func validate() throws {
        if from > to { throw ValidationError("--from \(from) is greater than --to \(to)") }
    }

    func run() throws {
        guard let stored = try options.read().log.get() else {
            throw InspectionError("the Raft log is empty: this hub was never started completely")
        }
        try options.show(LogReport(stored, from: from, to: to, shown: secrets.shown))
    }
}

struct LogReport: Report {
    struct Row: Encodable {
        var index: UInt64
        var term: UInt64?
        /// `empty`, `command`, `membership` or `unreadable`.
        var kind: String
        var isCommitted: Bool
        var command: HubCommand?
        var members: [MemberRow]?
        /// What cannot be read, and why.
        var problem: String?

        var text: [String] {
            var content = kind
            if let command { content = command.line }
            if let members {
                content += ": " + members.map { "\($0.id) \($0.address) \($0.role)" }.joined(separator: ", ")
            }
            if let problem { content += ": \(problem)" }
            return ["\(index)", term.map(String.init) ?? "?", isCommitted ? "" : "uncommitted", content]
        }
    }

    /// The log begins behind it.
    var baseIndex, baseTerm, commit: UInt64
    var entries: [Row]

    /// - Parameter shown: what is printed for a password.
    init(_ stored: StoredLog, from: UInt64, to: UInt64, shown: (String) -> String) throws(RaftStorageError) {
        baseIndex = stored.base.index.rawValue
        baseTerm = stored.base.term.rawValue
        let commit = stored.hardState.commit
        self.commit = commit.rawValue
        var rows: [Row] = []
        let begin = LogIndex(max(from, baseIndex + 1))
        try stored.forEachEntry(from: begin) { index, result in
            guard index.rawValue <= to else { return false }
            rows.append(Row(index, result, isCommitted: index <= commit, shown: shown))
            return true
        }
        entries = rows
    }

    var text: String {
        let header = "the log begins behind index \(baseIndex) of term \(baseTerm); committed up to \(commit)"
        return ([header] + (entries.isEmpty ? [] : [columns([["index", "term", "", "entry"]] + entries.map(\.text))]))
            .joined(separator: "\n")
    }
}

extension LogReport.Row {
    init(_ index: LogIndex, _ result: Result<Entry, FieldError>, isCommitted: Bool, shown: (String) -> String) {
        self.init(index: index.rawValue, kind: "unreadable", isCommitted: isCommitted)
        let entry: Entry
        switch result {
        case .success(let found): entry = found
        case .failure(let error):
            problem = "\(error)"
            return
        }
        term = entry.term.rawValue
        switch entry.payload {
        case .empty: kind = "empty"
        case .membership(let membership):
            kind = "membership"
            members = membership.members.map(MemberRow.init)
        case .command(let bytes):
            kind = "command"
            do throws(StateFormatError) {
                command = try HubCommand(entry: bytes).showing(shown)
            } catch {
                problem = "\(error)"
            }
        }
    }
}
