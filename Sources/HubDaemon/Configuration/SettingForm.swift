internal import HubStore

/// Every part of a value that is not as expected. `found` never holds a password.
struct MalformedValue: Error, Hashable {
    struct Part: Hashable {
        var found: String
        var expected: String
    }
    var parts: [Part]

    init(_ parts: [Part]) { self.parts = parts }
    init(found: some StringProtocol, expected: String) {
        parts = [Part(found: String(found), expected: expected)]
    }
}

/// How values of one type are written in the file.
struct SettingForm<Value: Sendable>: Sendable {
    /// As in "expected …".
    let expected: String
    let read: @Sendable (String) throws(MalformedValue) -> Value
    /// The second argument: passwords in clear text.
    let show: @Sendable (Value, Bool) -> String
}

extension SettingForm<Int> {
    static func number(_ range: ClosedRange<Int>, unit: String? = nil) -> Self {
        decimal(
            range, expected: "a number\(unit.map { " of \($0)" } ?? "") from \(range.lowerBound) to \(range.upperBound)"
        )
    }

    /// - Parameter distance: a port so far above has to exist too.
    static func port(distance: Int = 0) -> Self {
        let range = 1...65535 - distance
        return decimal(range, expected: "a port from \(range.lowerBound) to \(range.upperBound)")
    }

    private static func decimal(_ range: ClosedRange<Int>, expected: String) -> Self {
        SettingForm(expected: expected) { text throws(MalformedValue) in
            guard let number = parseDecimal(text), range.contains(number) else {
                throw MalformedValue(found: text, expected: expected)
            }
            return number
        } show: { number, _ in
            String(number)
        }
    }

    /// Bytes, with `k`, `m` or `g` (also `kb` …) for powers of 1024.
    static func bytes(_ range: PartialRangeFrom<Int>) -> Self {
        let least = range.lowerBound == 0 ? "" : ", at least \(showBytes(range.lowerBound))"
        let expected = "a number of bytes, also with k, m or g for powers of 1024\(least)"
        return SettingForm(expected: expected) { text throws(MalformedValue) in
            guard let bytes = parseBytes(text), range.contains(bytes) else {
                throw MalformedValue(found: text, expected: expected)
            }
            return bytes
        } show: { bytes, _ in
            showBytes(bytes)
        }
    }
}

extension SettingForm<Bool> {
    static let flag = SettingForm(expected: "yes or no") { text throws(MalformedValue) in
        switch text.lowercased() {
        case "yes": true
        case "no": false
        default: throw MalformedValue(found: text, expected: "yes or no")
        }
    } show: { flag, _ in
        flag ? "yes" : "no"
    }
}

extension SettingForm<InfoLogLevel> {
    static let logLevel = SettingForm(expected: "a number from 1 to 4") { text throws(MalformedValue) in
        guard let number = parseDecimal(text), let level = InfoLogLevel(rawValue: number) else {
            throw MalformedValue(found: text, expected: "1 (Info), 2 (Warn), 3 (Error) or 4 (Fatal)")
        }
        return level
    } show: { level, _ in
        String(level.rawValue)
    }
}

extension SettingForm<String> {
    static let text = SettingForm(expected: "any text") {
        $0
    } show: { text, _ in
        text
    }

    static let path = SettingForm(expected: "a path") { text throws(MalformedValue) in
        guard !text.isEmpty else { throw MalformedValue(found: text, expected: "a path") }
        return text
    } show: { path, _ in
        path
    }

    static let password = SettingForm(expected: "any text, or nothing") {
        $0
    } show: { password, showSecrets in
        showSecrets || password.isEmpty ? password : "***"
    }

    static let host = SettingForm(expected: "an ip address or a host name") { text throws(MalformedValue) in
        guard let host = parseHost(text) else {
            throw MalformedValue(found: text, expected: "an ip address or a host name")
        }
        return host
    } show: { host, _ in
        host
    }
}

private func parseDecimal(_ text: String) -> Int? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
}

private func parseBytes(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let shifts = ["": 0, "k": 10, "kb": 10, "m": 20, "mb": 20, "g": 30, "gb": 30]
    guard let number = Int(digits), let shift = shifts[text.dropFirst(digits.count).lowercased()] else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
    return overflow ? nil : bytes
}

private func showBytes(_ bytes: Int) -> String {
    for (suffix, shift) in [("g", 30), ("m", 20), ("k", 10)] where bytes > 0 && bytes % (1 << shift) == 0 {
        return "\(bytes >> shift)\(suffix)"
    }
    return String(bytes)
}
