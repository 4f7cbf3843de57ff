internal import HubSync

/// Compares servers key by key: each is scanned, and every key that a scan finds is read at all of them. What one page
/// of a scan holds is all that is kept, besides the keys that differ.
struct Comparison: Sendable {
    struct Options: Sendable {
        var types = ValueType.relayed
        /// Seconds by which expiries may differ.
        var tolerance = 2
        /// 0 for as fast as it goes.
        var keysPerSecond = 0.0
        /// The part of all keys that is compared, the same keys at every server; more than 0, at most 1.
        var sample = 1.0
        var checks = 5
        var intervalSeconds = 1.0
        var patienceSeconds = 60.0
        /// The hub that repairs keys that differ; nil: they are only reported.
        var hub: ServerAddress?

        init() {}
    }

    private static let pageLength = 500

    let servers: [ServerAddress]
    let options: Options

    init(_ servers: [ServerAddress], options: Options) {
        self.servers = servers
        self.options = options
    }

    /// - Throws: `ComparisonError` when a server cannot be reached or read.
    func run(_ display: Display) async throws -> Ledger.Figures {
        let kinds = try await servers.asyncMap { address in try await ServerKind.of(address) }
        let sizes = kinds.map(\.size)
        let repairer = try await options.hub.asyncMap { try await Repairer.of($0, servers: servers) }
        let ledger = Ledger(
            scans: servers.count, total: sizes.contains(nil) ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) },
            tolerance: options.tolerance, keysPerSecond: options.keysPerSecond,
            queue: .init(
                checks: options.checks, intervalSeconds: options.intervalSeconds,
                patienceSeconds: options.patienceSeconds, repairs: repairer != nil))
        let showing = Task { await display.showProgress(ledger) }
        var failure: (any Error)?
        do {
            try await compare(kinds, ledger, repairer, display)
        } catch {
            failure = error
        }
        showing.cancel()
        await showing.value
        if let failure { throw failure }
        return await ledger.figures
    }

    private func compare(
        _ kinds: [ServerKind], _ ledger: Ledger, _ repairer: Repairer?, _ display: Display
    ) async throws {
        let roundsScores = kinds.contains { $0.isPika } && !kinds.allSatisfy(\.isPika)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, kind) in kinds.enumerated() {
                let scan = KeyScan(
                    server: servers[index], isPika: kind.isPika, readers: try await readers(roundsScores), own: index,
                    sample: options.sample)
                group.addTask { try await scan.run(ledger) }
            }
            let readers = try await readers(roundsScores)
            group.addTask { try await recheck(ledger, readers, repairer, display) }
            try await group.waitForAll()
        }
    }

    private func readers(_ roundsScores: Bool) async throws -> [KeyReader] {
        try await servers.asyncMap { address in
            KeyReader(
                connection: try await RedisConnection.connect(address), server: "\(address)", types: options.types,
                roundsScores: roundsScores)
        }
    }

    /// Reads the keys that differed again, until no more of them can come.
    private func recheck(
        _ ledger: Ledger, _ readers: [KeyReader], _ repairer: Repairer?, _ display: Display
    ) async throws {
        while let keys = await ledger.due(limit: Self.pageLength) {
            if keys.isEmpty {
                try await Task.sleep(for: .milliseconds(50))
                continue
            }
            let states = try await readers.concurrently { reader in
                try await reader.states(keys, try await reader.outlines(keys))
            }
            for (index, key) in keys.enumerated() {
                let held = states.map { $0[index] }
                switch await ledger.checked(key, held) {
                case .different: await display.show(.init(key: key, states: held, isRestless: false), servers)
                case .restless: await display.show(.init(key: key, states: held, isRestless: true), servers)
                case .toRepair:
                    let refusal = try await repairer?.repair(key, held, tolerance: options.tolerance)
                    await display.showRepair(of: key, refusal: refusal)
                case .again, .equal, .repaired: break
                }
            }
        }
    }
}

/// What a server is.
struct ServerKind: Sendable {
    var isPika: Bool
    /// How many keys it has, where it tells: a Pika counts them only when told to.
    var size: Int?

    static func of(_ address: ServerAddress) async throws -> ServerKind {
        let connection = try await RedisConnection.connect(address)
        defer { connection.close() }
        let replies = try await connection.send([["INFO", "server"], ["DBSIZE"]].map { $0.map { Array($0.utf8) } })
        guard case .bulk(let info) = replies[0] else {
            throw ComparisonError.refused("\(address)", command: "INFO", replies[0].text ?? "an answer of another kind")
        }
        var size: Int?
        if case .integer(let count) = replies[1], count > 0 { size = count }
        return ServerKind(isPika: String(decoding: info, as: UTF8.self).contains("pika_version:"), size: size)
    }
}

extension Optional {
    /// `map` with a body that may wait.
    func asyncMap<Result>(_ body: (Wrapped) async throws -> Result) async rethrows -> Result? {
        if let value = self { try await body(value) } else { nil }
    }
}

extension Array where Element: Sendable {
    /// Does the same with every element, one after the other.
    func asyncMap<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }

    /// Does the same with every element at the same time. The results stand in the elements' order.
    func concurrently<Result: Sendable>(
        _ body: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            for (index, element) in enumerated() { group.addTask { (index, try await body(element)) } }
            var results: [(Int, Result)] = []
            for try await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
