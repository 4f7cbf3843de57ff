public import ArgumentParser
internal import Glibc

/// The command `pika_hub_compare`.
public struct CompareCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "pika_hub_compare",
        abstract: "Compares live Pika 2.3 or Redis servers key by key: value, type and expiry.",
        discussion: """
            Writes may go on meanwhile: a key that differs is read again, and counts as different when several reads \
            in a row show the same difference. Exit status 0: all keys are equal; 1: some differ, or kept changing \
            and were never seen equal; 2: the servers could not be compared.
            """)

    @Argument(help: "Two or more servers, each as host:port or host:port:password.")
    var servers: [String]
    @Option(help: "Seconds by which expiries may differ.")
    var tolerance = 2
    @Option(help: "The most keys that are read per second; 0 for as fast as it goes.")
    var rate = 0.0
    @Option(help: "Compares this part of the keys only, for instance 0.01; the same keys at every server.")
    var sample = 1.0
    @Option(
        help: ArgumentHelp(
            "The types to compare, of \(ValueType.allCases.map(\.rawValue).joined(separator: ", ")).",
            discussion: "A Pika 2.3 tells a hub nothing of hashes and sets."))
    var types = ValueType.relayed.map(\.rawValue).joined(separator: ",")
    @Option(help: "Reads in a row that have to show the same difference.")
    var checks = 5
    @Option(help: "Seconds between two reads of a key that differs.")
    var interval = 1.0
    @Option(help: "Seconds after which a key that keeps changing is given up.")
    var patience = 60.0
    @Flag(help: "Has the hub copy keys that differ: its winner's state, or what most servers hold where it knows none.")
    var repair = false
    @Option(help: "With --repair: any hub of the group, as host:port or host:port:password.")
    var hub: String?
    @Flag(help: "Prints one JSON object per line.")
    var json = false
    @Flag(help: "Shows no progress.")
    var quiet = false

    public init() {}

    public func validate() throws {
        guard servers.count >= 2 else { throw ValidationError("servers: expected two or more") }
        _ = try addresses()
        _ = try options()
    }

    public func run() async throws {
        let display = Display(isJSON: json, showsProgress: !quiet && isatty(STDERR_FILENO) == 1)
        let comparison = Comparison(try addresses(), options: try options())
        let figures = try await comparison.run(display)
        await display.show(figures, servers: servers.count)
        if figures.different + figures.restless > 0 { throw ExitCode(1) }
    }

    /// Runs the command line; whatever keeps the servers from being compared ends with status 2.
    public static func runCommandLine() async -> Never {
        do {
            try await parse().run()
        } catch {
            let status = exitCode(for: error)
            if status.isSuccess || error is ExitCode { exit(withError: error) }
            write(fullMessage(for: error) + "\n", to: STDERR_FILENO)
            exit(withError: ExitCode(2))
        }
        exit(withError: nil)
    }

    private func addresses() throws -> [ServerAddress] {
        try servers.map { text in
            // Not quoted: it may hold a password.
            guard let address = ServerAddress(text) else {
                throw ValidationError("a server is malformed: expected host:port or host:port:password")
            }
            return address
        }
    }

    private func options() throws -> Comparison.Options {
        var options = Comparison.Options()
        options.types = try types.split(separator: ",").map { name in
            guard let type = ValueType(rawValue: String(name)) else {
                throw ValidationError("types: '\(name)' is none")
            }
            return type
        }
        guard !options.types.isEmpty, tolerance >= 0, rate >= 0, sample > 0, sample <= 1 else {
            throw ValidationError("types: expected one or more; tolerance and rate: 0 or more; sample: up to 1")
        }
        guard checks > 0, interval >= 0, patience >= Double(checks) * interval else {
            throw ValidationError("checks: expected 1 or more; patience: enough for that many intervals")
        }
        guard repair == (hub != nil) else { throw ValidationError("repair and hub: expected both or neither") }
        if let hub {
            guard let address = ServerAddress(hub) else {
                throw ValidationError("hub: expected host:port or host:port:password")
            }
            options.hub = address
        }
        options.tolerance = tolerance
        options.keysPerSecond = rate
        options.sample = sample
        options.checks = checks
        options.intervalSeconds = interval
        options.patienceSeconds = patience
        return options
    }
}
