/// A key, a value or an argument: binary safe, as on the wire.
public typealias Bytes = [UInt8]

extension Bytes {
    package init(_ text: String) { self = Array(text.utf8) }

    /// For messages; bytes that are no UTF-8 are replaced.
    package var text: String { String(decoding: self, as: UTF8.self) }

    package var lowercased: Bytes { map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }

    /// A whole number as Pika reads an argument: an optional minus and digits, nothing else.
    package var integer: Int64? { first == UInt8(ascii: "+") ? nil : storedInteger }

    /// A whole number as Pika reads a counter's value, which may begin with a plus too.
    var storedInteger: Int64? { Int64(text) }

    /// A finite or infinite number in decimal notation.
    var number: Double? {
        guard let first, first != 0x20, !contains(0) else { return nil }
        let value = Double(text.hasPrefix("+") ? String(text.dropFirst()) : text)
        return value.flatMap { $0.isNaN ? nil : $0 }
    }
}
