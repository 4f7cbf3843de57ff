/// The cursors of SCAN: each scan walks through the names that lived when it began.
struct ScanCursors {
    /// Scans that are remembered; an older one's cursor starts over.
    private static let limit = 64

    private var names: [Int64: [Bytes]] = [:]
    private var newest: Int64 = 0

    /// SCAN cursor [MATCH pattern] [COUNT count]. A cursor is `scan << 32 | place`.
    mutating func answer(_ arguments: [Bytes], _ keyspace: Keyspace, now: Int64) -> Reply {
        guard arguments.count >= 2 else { return .wrongNumber(Bytes("scan")) }
        guard arguments.count % 2 == 0 else { return .syntaxError }
        guard let cursor = arguments[1].integer else { return .notAnInteger }
        var pattern = Bytes("*")
        var count = 10
        for index in stride(from: 2, to: arguments.count, by: 2) {
            switch arguments[index].lowercased.text {
            case "match": pattern = arguments[index + 1]
            case "count":
                guard let number = arguments[index + 1].integer, number > 0 else { return .notAnInteger }
                count = Int(clamping: number)
            default: return .syntaxError
            }
        }
        var scan = cursor >> 32
        var place = Int(cursor & 0xffff_ffff)
        if names[scan] == nil {
            newest += 1
            scan = newest
            place = 0
            names[scan] = keyspace.keys(now: now)
            names[scan - Int64(Self.limit)] = nil
        }
        let all = names[scan] ?? []
        let page = all.dropFirst(place).prefix(count)
        place += page.count
        if place >= all.count { names[scan] = nil }
        let found = page.filter { matches($0[...], pattern: pattern[...]) }
        let next = place >= all.count ? 0 : scan << 32 | Int64(place)
        return .array([.bulk(String(next)), .bulks(found)])
    }
}
