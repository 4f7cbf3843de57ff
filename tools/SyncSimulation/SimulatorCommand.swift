public import ArgumentParser

/// The command `sync_simulator`.
public struct SimulatorCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "sync_simulator",
        abstract: "Runs hubs, Pikas, clients and faults in virtual time, and checks what must hold.",
        discussion: "Exit status 1 when a seed shows a violation, or when a bug that was put in stays unseen.")

    @Option(help: "The first seed.")
    var seed: UInt64 = 1
    @Option(help: "How many seeds, one after the other.")
    var seeds: UInt64 = 100
    @Option(help: "Writes of all clients together; what the seed says where not given.")
    var steps: Int?
    @Option(help: "Runs this seed alone.")
    var reproduce: UInt64?
    @Option(
        help: ArgumentHelp("Puts a bug in: \(PlantedBug.allCases.map(\.rawValue).joined(separator: ", ")); or `all`."))
    var bug: String?
    @Flag(help: "Goes on after a violation and prints one line for each.")
    var keepGoing = false

    public init() {}

    public func run() throws {
        if bug == "all" { return try PlantedBug.allCases.forEach(hunt) }
        if let bug {
            guard let bug = PlantedBug(rawValue: bug) else { throw ValidationError("no bug has the name \(bug)") }
            return try hunt(bug)
        }
        let seeds = reproduce.map { $0..<$0 + 1 } ?? seed..<seed + seeds
        let clock = ContinuousClock()
        let start = clock.now
        var violations = 0
        var total = Simulation.Outcome()
        var fingerprint: UInt64 = 0
        for seed in seeds {
            do {
                let outcome = try Simulation.run(seed: seed, steps: steps)
                total.seconds += outcome.seconds
                total.conflicts += outcome.conflicts
                total.repairs += outcome.repairs
                fingerprint = (fingerprint ^ outcome.fingerprint) &* 0x100_0000_01b3
            } catch {
                violations += 1
                print(keepGoing ? "seed \(seed): \(error.kind): \(error.text)" : "\(error)")
                if !keepGoing { throw ExitCode.failure }
            }
        }
        let seconds = (clock.now - start) / .seconds(1)
        print(
            "\(seeds.count) seeds, \(violations) violations; \(Int(total.seconds)) simulated seconds, "
                + "\(total.conflicts) conflicts, \(total.repairs) repairs, course \(String(fingerprint, radix: 16)); "
                + "\(Int(Double(seeds.count) / seconds)) seeds/s"
        )
        if violations > 0 { throw ExitCode.failure }
    }

    /// Looks for the first seed that holds without the bug and shows it.
    private func hunt(_ bug: PlantedBug) throws {
        for seed in reproduce.map({ $0..<$0 + 1 }) ?? seed..<seed + seeds {
            do {
                _ = try Simulation.run(seed: seed, steps: steps, bug: bug)
                continue
            } catch {
                guard holds(seed) else { continue }
                let text = reproduce == nil ? "seed \(seed): \(error.kind): \(error.text)" : "\(error)"
                return print("\(bug.rawValue): caught by \(text)")
            }
        }
        print("\(bug.rawValue): not caught in \(seeds) seeds")
        throw ExitCode.failure
    }

    private func holds(_ seed: UInt64) -> Bool {
        do {
            _ = try Simulation.run(seed: seed, steps: steps)
            return true
        } catch {
            return false
        }
    }
}
