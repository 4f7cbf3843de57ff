internal import FoundationEssentials

/// The lines of `--json`: one per difference, and the result as the last.
struct DifferenceLine: Encodable {
    struct Held: Encodable {
        var server: String
        var state: String
    }

    /// `difference` or `restless`.
    var kind: String
    /// In quotes, with `\x00` for what is no printable ASCII.
    var key: String
    var held: [Held]
}

struct RepairLine: Encodable {
    var kind = "repair"
    var key: String
    /// Absent when the hub repairs the key.
    var refusal: String?
}

struct ResultLine: Encodable {
    var kind = "result"
    var servers: Int
    var compared: Int
    var different: Int
    var restless: Int
    var settled: Int
    var repaired: Int
    var uncompared: [String: Int]
}

/// The value in one line.
func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
        preconditionFailure("texts and numbers are always JSON: \(error)")
    }
}
