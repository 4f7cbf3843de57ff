internal import HubSync

/// Walks through the keys of one server and compares them with what the others hold.
struct KeyScan: Sendable {
    /// A number that others will hardly ask for: a Pika names a scan's cursors by the counts.
    private static let count = 499

    let server: ServerAddress
    let isPika: Bool
    /// Of all servers, in their order; this scan's own.
    let readers: [KeyReader]
    /// The place of the scanned server among them.
    let own: Int
    /// The part of the keys that is compared.
    let sample: Double

    func run(_ ledger: Ledger) async throws {
        let connection = try await RedisConnection.connect(server)
        defer { connection.close() }
        var cursor = "0"
        repeat {
            let command = ["SCAN", cursor, "COUNT", "\(Self.count)"].map { Array($0.utf8) }
            let (next, names) = try page(try await connection.send([command])[0])
            // A Pika's cursors grow; the scan would begin anew for ever if it lost them again and again.
            if isPika, next != "0", (Int(next) ?? 0) <= (Int(cursor) ?? 0) {
                throw ComparisonError.scanLost("\(server)")
            }
            cursor = next
            let wanted = Set(names).filter(isInSample)
            try await ledger.admit(wanted.count)
            try await compare(Array(wanted), ledger)
            await ledger.scanned(names.count)
        } while cursor != "0"
        await ledger.scanEnded()
    }

    private func page(_ reply: Reply) throws -> (cursor: String, names: [[UInt8]]) {
        guard case .array(let parts) = reply, parts.count == 2, let cursor = parts[0].text,
            case .array(let names) = parts[1]
        else { throw ComparisonError.refused("\(server)", command: "SCAN", reply.text ?? "\(reply)") }
        return (cursor, names.compactMap { if case .bulk(let name) = $0 { name } else { nil } })
    }

    private func compare(_ keys: [[UInt8]], _ ledger: Ledger) async throws {
        if keys.isEmpty { return }
        let outlines = try await readers.concurrently { try await $0.outlines(keys) }
        for outline in outlines[own] {
            if let type = outline.otherType { await ledger.leftOut(type) }
        }
        // A key that an earlier server has is compared by that server's scan.
        let chosen = keys.indices.filter { index in outlines[..<own].allSatisfy { $0[index].lengths.isEmpty } }
        let states = try await Array(readers.enumerated()).concurrently { place, reader in
            try await reader.states(chosen.map { keys[$0] }, chosen.map { outlines[place][$0] })
        }
        for (place, index) in chosen.enumerated() { await ledger.compared(keys[index], states.map { $0[place] }) }
    }

    /// The same for a key at every server.
    private func isInSample(_ key: [UInt8]) -> Bool {
        if sample >= 1 { return true }
        // FNV-1a, and the finish of MurmurHash3, which spreads it over all bits.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
        hash ^= hash >> 33
        return Double(hash) < sample * 0x1p64
    }
}
