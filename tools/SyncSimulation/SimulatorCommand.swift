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
    @Option(help: "Only seeds that have this fault, such as serverMoved.")
    var fault: String?
    @Option(
        help: ArgumentHelp("Puts a bug in: \(PlantedBug.allCases.map(\.rawValue).joined(separator: ", ")); or `all`."))
    var bug: String?
    @Option(help: "Seeds that run at once, each in a thread of its own.")
    var jobs = 2
    @Flag(help: "Goes on after a violation and prints one line for each.")
    var keepGoing = false

    public init() {}

    public func validate() throws {
        if jobs < 1 { throw ValidationError("--jobs must be positive") }
        if let fault, Plan.Fault(rawValue: fault) == nil {
            let names = Plan.Fault.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("no fault has the name \(fault); there are \(names)")
        }
    }

    private var chosenSeeds: [UInt64] {
        if let reproduce { return [reproduce] }
        guard let fault = fault.flatMap({ Plan.Fault(rawValue: $0) }) else { return Array(seed..<seed + seeds) }
        return (seed..<seed + seeds).filter { Plan(seed: $0, steps: steps).faults.contains(fault) }
    }

    public func run() throws {
        if bug == "all" { return try PlantedBug.allCases.forEach(hunt) }
        if let bug {
            guard let bug = PlantedBug(rawValue: bug) else { throw ValidationError("no bug has the name \(bug)") }
            return try hunt(bug)
        }
        let seeds = chosenSeeds
        let clock = ContinuousClock()
        let start = clock.now
        var violations = 0
        var count = 0
        var total = Simulation.Outcome()
        var fingerprint: UInt64 = 0
        SeedRuns(seeds: seeds, jobs: jobs).forEach { [steps] seed in
            Self.run(seed, steps)
        } take: { result in
            count += 1
            switch result {
            case .success(let outcome):
                total.seconds += outcome.seconds
                total.conflicts += outcome.conflicts
                total.repairs += outcome.repairs
                total.reigns += outcome.reigns
                fingerprint = (fingerprint ^ outcome.fingerprint) &* 0x100_0000_01b3
                return true
            case .failure(let violation):
                violations += 1
                print(keepGoing ? "seed \(violation.seed): \(violation.kind): \(violation.text)" : "\(violation)")
                return keepGoing
            }
        }
        let seconds = (clock.now - start) / .seconds(1)
        print(
            "\(count) seeds, \(violations) violations; \(Int(total.seconds)) simulated seconds, "
                + "\(total.reigns) primaries, \(total.conflicts) conflicts, \(total.repairs) repairs, "
                + "course \(String(fingerprint, radix: 16)); \(Int(Double(count) / seconds)) seeds/s"
        )
        if violations > 0 { throw ExitCode.failure }
    }

    private static func run(_ seed: UInt64, _ steps: Int?, bug: PlantedBug? = nil) -> Result<
        Simulation.Outcome, Violation
    > {
        do throws(Violation) {
            return .success(try Simulation.run(seed: seed, steps: steps, bug: bug))
        } catch {
            return .failure(error)
        }
    }

    /// Looks for the first seed that holds without the bug and shows it.
    private func hunt(_ bug: PlantedBug) throws {
        let seeds = chosenSeeds
        var caught: Violation?
        SeedRuns(seeds: seeds, jobs: jobs).forEach { [steps] seed in
            let result = Self.run(seed, steps, bug: bug)
            // Not one that this seed shows without the bug.
            if case .failure = result, case .failure = Self.run(seed, steps) { return .success(Simulation.Outcome()) }
            return result
        } take: { result in
            guard case .failure(let violation) = result else { return true }
            caught = violation
            return false
        }
        guard let caught else {
            print("\(bug.rawValue): not caught in \(seeds.count) seeds")
            throw ExitCode.failure
        }
        let text = reproduce == nil ? "seed \(caught.seed): \(caught.kind): \(caught.text)" : "\(caught)"
        print("\(bug.rawValue): caught by \(text)")
    }
}
