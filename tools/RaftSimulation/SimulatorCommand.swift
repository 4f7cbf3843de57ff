public import ArgumentParser
import Dispatch
import RaftLog
import SimulatedRaft
import Synchronization

/// `raft_simulator`: runs the consensus core through seeded faults and checks what Raft promises.
public struct SimulatorCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "raft_simulator",
        abstract: "Runs groups of hubs through crashes, cuts, pauses, lost disks and membership changes.",
        discussion: """
            Every run comes from one seed and is the same each time. A violation prints its seed; \
            --reproduce SEED shows that run event by event.
            Exit status: 0 when nothing was found, 1 when something was. With --bug it is the other way round.
            Bugs: \(bugNames.joined(separator: ", ")).
            """)

    @Option(help: "The first seed.") var seed: UInt64 = 1
    @Option(help: "How many seeds to run.") var seeds: UInt64 = 1_000
    @Option(help: "Events of each run, before the faults stop.") var events = 2_000
    @Option(help: "Run this one seed and print every event.") var reproduce: UInt64?
    @Option(help: "Put a known bug in; it has to be found.") var bug: String?
    @Option(help: "Threads.") var threads = 2

    public init() {}

    private static var bugNames: [String] { Sabotage.named.map(\.name) + DriverBug.allCases.map(\.rawValue) }

    public func validate() throws {
        if let bug, !Self.bugNames.contains(bug) {
            throw ValidationError("no bug \(bug); known are \(Self.bugNames.joined(separator: ", "))")
        }
        if threads < 1 || events < 1 { throw ValidationError("--threads and --events must be positive") }
    }

    public func run() throws {
        var options = Simulation.Options()
        options.events = events
        options.sabotage = Sabotage.named.first { $0.name == bug }?.bug ?? []
        options.driverBug = bug.flatMap { DriverBug(rawValue: $0) }
        if let reproduce {
            options.isTraced = true
            var simulation = Simulation(seed: reproduce, options: options)
            defer { for line in simulation.trace { print(line) } }
            var isFound = false
            do throws(Violation) {
                try simulation.run()
            } catch {
                simulation.note("violation: \(error)")
                isFound = true
            }
            if isFound == (bug == nil) { throw ExitCode.failure }
            return
        }
        let clock = ContinuousClock()
        let begin = clock.now
        let found = Self.search(seed..<seed + seeds, threads: threads, options: options)
        let time = clock.now - begin
        if let found {
            print("seed \(found.seed), event \(found.event): \(found.text)")
            print("found after \(time); to see it: --reproduce \(found.seed)" + (bug.map { " --bug \($0)" } ?? ""))
        } else {
            print("\(seeds) seeds, \(events) events each: nothing found in \(time)")
        }
        if (found == nil) != (bug == nil) { throw ExitCode.failure }
    }

    package struct Finding: Sendable {
        package let seed: UInt64
        package let event: Int
        package let text: String
    }

    /// Runs the seeds in order, on several threads, until one finds something.
    package static func search(
        _ seeds: Range<UInt64>, threads: Int, options: Simulation.Options
    ) -> Finding? {
        let state = Mutex<(next: UInt64, found: Finding?)>((seeds.lowerBound, nil))
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while let seed = state.withLock({ state -> UInt64? in
                guard state.found == nil, state.next < seeds.upperBound else { return nil }
                defer { state.next += 1 }
                return state.next
            }) {
                var simulation = Simulation(seed: seed, options: options)
                do throws(Violation) { try simulation.run() } catch {
                    let finding = Finding(seed: seed, event: simulation.eventCount, text: error.description)
                    state.withLock { if seed < $0.found?.seed ?? .max { $0.found = finding } }
                }
            }
        }
        return state.withLock { $0.found }
    }
}
