import FoundationEssentials

/// What a command prints: as text for people, as JSON for programs.
protocol Report: Encodable {
    /// Lines without a final line end.
    var text: String { get }
}

extension Report {
    var json: String {
        get throws(InspectionError) {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            do {
                return String(decoding: try encoder.encode(self), as: UTF8.self)
            } catch {
                throw InspectionError("the report cannot be written as JSON: \(error)")
            }
        }
    }
}

/// Rows as lines whose columns stand below each other.
func columns(_ rows: [[String]]) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
        let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        var line = cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }.joined(separator: "\n")
}

/// `3.4 MiB`.
func readable(bytes: Int) -> String {
    var value = Double(bytes)
    var unit = "bytes"
    for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 { (value, unit) = (value / 1024, next) }
    return unit == "bytes" ? "\(bytes) bytes" : "\((value * 10).rounded() / 10) \(unit)"
}

/// Bytes as text in quotes, what is not printable as `\xNN`, long ones cut off.
func readable(_ bytes: some Collection<UInt8>, limit: Int = 64) -> String {
    var text = "\""
    for byte in bytes.prefix(limit) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
        case 0x20..<0x7F: text += String(UnicodeScalar(byte))
        default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return text + "\"" + (bytes.count > limit ? "… (\(bytes.count) bytes)" : "")
}

/// A time in UTC, `2026-11-22 15:00:19`, from unix seconds.
func readable(unixTime: UInt32) -> String {
    Date(timeIntervalSince1970: Double(unixTime)).formatted(
        .iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false))
}

/// `1 chunk`, `2 chunks`.
func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
