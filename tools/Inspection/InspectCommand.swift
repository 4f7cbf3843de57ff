public import ArgumentParser

// Inspection: what `pika_hub_inspect` does with a floyd-path.
//
// Reading order
//   InspectCommand.swift          the command line
//   Reading/FloydContents.swift   the three databases, opened without a lock and without writing
//   Commands/                     one report each
//   Verify/Verification.swift     what has to hold; WALFile.swift looks where RocksDB doesn't
//   Rescue/                       the two commands that write

/// `pika_hub_inspect COMMAND FLOYD-PATH`.
public struct InspectCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "pika_hub_inspect",
        abstract: "Looks into a hub's floyd-path, also while the hub runs.",
        discussion: """
            All commands but the last two only read, take no lock and never write into the directory. recover and \
            set-offset are for when nothing else helps; they need the hub to be stopped, ask first, and make a copy.
            Exit status: 0, or 1 when something is wrong, which is then named.
            """,
        subcommands: [
            SummaryCommand.self, LogCommand.self, StateCommand.self, OffsetsCommand.self, RelayCommand.self,
            VerifyCommand.self, RecoverCommand.self, SetOffsetCommand.self,
        ])

    public init() {}
}

/// What every command takes.
struct DirectoryOptions: ParsableArguments {
    @Argument(help: "The hub's working directory.", completion: .directory) var floydPath: String
    @Flag(help: "Print JSON.") var json = false

    /// Prints a report in the form that was asked for.
    func show(_ report: some Report) throws(InspectionError) {
        print(json ? try report.json : report.text)
    }

    /// Reads the directory; every failure becomes one line on standard error.
    func read() throws(InspectionError) -> FloydContents { try FloydContents(path: floydPath) }
}

/// What reports with passwords take besides.
struct SecretOptions: ParsableArguments {
    @Flag(help: "Print passwords instead of ***.") var showSecrets = false

    /// A password as it may be printed. Empty stays empty: the server has none.
    func shown(_ password: String) -> String { showSecrets || password.isEmpty ? password : "***" }
}

/// Why a command cannot do what was asked. Printed as it is, with exit status 1.
struct InspectionError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
