internal import Dispatch
internal import Synchronization

/// Runs seeds side by side, and hands out what they showed in the order of the seeds: what is printed is the same for
/// any number of threads.
struct SeedRuns {
    typealias Result = Swift.Result<Simulation.Outcome, Violation>

    /// Seeds for each thread before the results are handed out.
    private static let seedsPerJob = 16

    let seeds: [UInt64]
    let jobs: Int

    /// - Parameters:
    ///   - run: runs one seed; called by several threads at once.
    ///   - take: called for one seed after the other. False: no more are wanted.
    func forEach(_ run: @Sendable (UInt64) -> Result, take: (Result) -> Bool) {
        guard jobs > 1 else {
            for seed in seeds where !take(run(seed)) { return }
            return
        }
        var rest = seeds[...]
        while !rest.isEmpty {
            let some = rest.prefix(Self.seedsPerJob * jobs)
            for result in runAll(Array(some), run) where !take(result) { return }
            rest = rest.dropFirst(some.count)
        }
    }

    private func runAll(_ seeds: [UInt64], _ run: @Sendable (UInt64) -> Result) -> [Result] {
        let next = Mutex(0)
        let results = Mutex<[Int: Result]>([:])
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in
            while let place = next.withLock({ next -> Int? in
                guard next < seeds.count else { return nil }
                defer { next += 1 }
                return next
            }) {
                let result = run(seeds[place])
                results.withLock { $0[place] = result }
            }
        }
        return results.withLock { results in seeds.indices.compactMap { results[$0] } }
    }
}
