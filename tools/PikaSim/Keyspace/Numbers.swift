extension Bytes {
    /// As Pika prints a score: whole numbers without a point, others with up to 17 significant digits.
    init(score: Double) {
        if score == score.rounded(), abs(score) < 4_503_599_627_370_496 {
            self.init(score == 0 && score.sign == .minus ? "-0" : String(Int64(score)))
        } else {
            self.init(seventeenDigits: score)
        }
    }

    /// The shortest text that reads back as the same number.
    init(exact number: Double) {
        let text = number.description
        self.init(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }

    /// As Pika prints a sum: six decimals, without trailing zeros.
    init(sixDecimals number: Double) {
        guard number.isFinite, abs(number) < 9e12 else {
            self.init(exact: number)
            return
        }
        let scaled = (number * 1e6).rounded(.toNearestOrEven)
        let digits = String(Int64(abs(scaled)))
        let padded = String(repeating: "0", count: Swift.max(0, 7 - digits.count)) + digits
        var text = String(padded.dropLast(6)) + "." + padded.suffix(6)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        self.init((scaled < 0 ? "-" : "") + text)
    }
}
