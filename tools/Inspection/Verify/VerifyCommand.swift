import ArgumentParser
import Glibc

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Checks everything that has to hold, and names every fault.",
        discussion: "Exit status 1 when there is a fault. A note is what a crash may leave; the hub goes on from it.")

    @OptionGroup var options: DirectoryOptions

    func run() throws {
        let report = VerifyReport.make(path: options.floydPath)
        try options.show(report)
        if !report.faults.isEmpty { throw ExitCode.failure }
    }
}

struct VerifyReport: Report {
    var path: String
    var faults: [Verification.Finding]
    var notes: [Verification.Finding]
    /// What was read.
    var entries, chunks: Int

    /// While a hub writes, what is read in several steps need not fit together, and a file may be gone before it is
    /// opened. So a fault counts only when it is still there after some time.
    static func make(path: String) -> VerifyReport {
        var attemptsLeft = 10
        while true {
            let (verification, isInUse) = Verification.run(path: path)
            attemptsLeft -= 1
            if verification.faults.isEmpty || !isInUse || attemptsLeft == 0 {
                return VerifyReport(
                    path: path, faults: verification.faults, notes: verification.notes,
                    entries: verification.entryCount, chunks: verification.chunkCount)
            }
            usleep(300_000)
        }
    }

    var text: String {
        let lines = faults.map { "fault: \($0.place): \($0.text)" } + notes.map { "note: \($0.place): \($0.text)" }
        let verdict = faults.isEmpty ? "no fault" : count(faults.count, "fault")
        return (lines + ["\(path): \(verdict) in \(entries) log entries and \(count(chunks, "relay chunk"))"])
            .joined(separator: "\n")
    }
}
