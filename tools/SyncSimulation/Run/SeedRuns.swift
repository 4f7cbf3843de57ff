internal import Dispatch
internal import Synchronization

/// Runs seeds side by side, and hands out what they showed in the order of the seeds: what is printed is the same for
/// any number of threads.
struct SeedRuns {
    typealias Result = Swift.Result<Simulation.Outcome, Violation>

    /// Seeds for each thread before the results are handed out.
    private static let seedsPerJob: UInt64 = 16

    let seeds: Range<UInt64>
    let jobs: Int

    /// - Parameters:
    ///   - run: runs one seed; called by several threads at once.
    ///   - take: called for one seed after the other. False: no more are wanted.
    func forEach(_ run: @Sendable (UInt64) -> Result, take: (Result) -> Bool) {
        guard jobs > 1 else {
            for seed in seeds where !take(run(seed)) { return }
            return
        }
        var start = seeds.lowerBound
        while start < seeds.upperBound {
            let end = min(seeds.upperBound, start + Self.seedsPerJob * UInt64(jobs))
            for result in runAll(start..<end, run) where !take(result) { return }
            start = end
        }
    }

    private func runAll(_ seeds: Range<UInt64>, _ run: @Sendable (UInt64) -> Result) -> [Result] {
        let next = Mutex(seeds.lowerBound)
        let results = Mutex<[UInt64: Result]>([:])
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in
            while let seed = next.withLock({ next -> UInt64? in
                guard next < seeds.upperBound else { return nil }
                defer { next += 1 }
                return next
            }) {
                let result = run(seed)
                results.withLock { $0[seed] = result }
            }
        }
        return results.withLock { results in seeds.compactMap { results[$0] } }
    }
}
