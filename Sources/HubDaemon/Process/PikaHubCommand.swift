public import ArgumentParser
internal import Glibc
internal import HubStore

/// The command line of `pika_hub`.
public struct PikaHubCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "pika_hub",
        abstract: "Keeps any number of Pika servers in sync while all of them take writes.",
        version: "pika_hub \(HubVersion.current)")

    @Option(
        name: .customShort("c"), help: ArgumentHelp("The configuration file.", valueName: "file"), completion: .file())
    var file: String?

    @Flag(help: "Read the configuration file, say what it means, and end.")
    var check = false

    @Flag(help: .hidden)
    var printSettings = false

    @Flag(help: .hidden)
    var printCommands = false

    @Flag(help: .hidden)
    var printMetrics = false

    /// Set by `Detachment` for the copy in the background.
    @Option(name: .customLong(reportOptionName), help: .hidden)
    var reportTo: CInt?

    private static let reportOptionName = "report-start-to"

    public init() {}

    /// Sets the process's allocator up. To be called before anything else.
    public static func prepareMemory() { ProcessMemory.keepFreedBuffers() }

    public func run() async throws {
        if printSettings { return print(Setting.markdown) }
        if printCommands { return print(AdminCommand.markdown) }
        if printMetrics { return print(Metric.markdown) }
        guard let file else { throw ValidationError("Missing expected option '-c <file>'") }
        umask(0o077)
        let parsed = try load(file)
        if check { return print(parsed.configuration.checked) }
        if parsed.configuration.daemonize, reportTo == nil {
            let failure = Detachment.start(
                arguments: CommandLine.arguments, reportOption: "--\(Self.reportOptionName)")
            guard let failure else { return }
            throw failed(failure)
        }
        do {
            try await HubProcess.run(parsed.configuration, file: file, reportTo: reportTo)
        } catch {
            throw failed("\(error)")
        }
    }

    /// Prints the warnings, once: the copy in the background stays silent.
    private func load(_ file: String) throws -> ParsedConfiguration {
        do {
            let parsed = try Configuration.load(file)
            if reportTo == nil { for warning in parsed.warnings { printError("warning: \(warning)") } }
            return parsed
        } catch .invalid(let errors) {
            Detachment.report("\(errors)", to: reportTo)
            printError("\(errors)")
            throw ExitCode.failure
        } catch {
            Detachment.report("\(error)", to: reportTo)
            throw failed("\(error)")
        }
    }

    private func failed(_ text: String) -> ExitCode {
        printError("pika_hub: \(text)")
        return .failure
    }

    private func printError(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
