internal import Logging

/// The form of a line of the log:
///
///     2026-11-22T16:19:05.123456Z Warn link: server 1 has closed the connection [server=1, suppressed=4]
///
/// Time (UTC), level, message, then metadata by name. Control characters are escaped, so that one event is one line
/// whatever a server has said.
enum LogLine {
    static func text(
        unixMicroseconds: Int, level: Logger.Level, message: String, metadata: [(name: String, value: String)]
    ) -> String {
        var line = "\(time(unixMicroseconds: unixMicroseconds)) \(name(level)) \(escaped(message))"
        if !metadata.isEmpty {
            line += " [" + metadata.map { "\($0.name)=\(escaped($0.value))" }.joined(separator: ", ") + "]"
        }
        return line + "\n"
    }

    /// The four levels that the configuration knows, and Debug below them.
    static func name(_ level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "Debug"
        case .info, .notice: "Info"
        case .warning: "Warn"
        case .error: "Error"
        case .critical: "Fatal"
        }
    }

    static func time(unixMicroseconds: Int) -> String {
        let (seconds, micros) = unixMicroseconds.flooredDivision(by: 1_000_000)
        let (days, secondOfDay) = seconds.flooredDivision(by: 86_400)
        let (year, month, day) = civil(days: days)
        let clock = [secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60].map { padded($0, 2) }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock.joined(separator: ":"))"
            + ".\(padded(micros, 6))Z"
    }

    /// The date of a day counted from 1970-01-01, in years that begin in March, so that the leap day is the last.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): result.append("?")
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}

extension Int {
    /// Quotient rounded down, and a remainder that is not negative.
    fileprivate func flooredDivision(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
