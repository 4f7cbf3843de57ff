#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension ServerCore {
    static func unixSeconds() -> Int64 { Int64(time(nil)) }
}

extension Bytes {
    /// `%.17g`.
    init(seventeenDigits number: Double) {
        self.init(unsafeUninitializedCapacity: 32) { buffer, count in
            count = withVaList([number]) { arguments in
                buffer.withMemoryRebound(to: CChar.self) { Int(vsnprintf($0.baseAddress, 32, "%.17g", arguments)) }
            }
        }
    }
}

/// Prints a line at once, whoever reads it.
func say(_ line: String) {
    let bytes = Bytes(line + "\n")
    _ = write(STDOUT_FILENO, bytes, bytes.count)
}
