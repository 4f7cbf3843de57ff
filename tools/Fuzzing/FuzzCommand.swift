public import ArgumentParser
import Glibc
import Synchronization

/// `fuzz`: runs the targets for a time, or repeats one case.
public struct FuzzCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "fuzz", abstract: "Hands damaged bytes to every parser that reads bytes from outside.",
        discussion: """
            Every case is one number. A case that fails, crashes or hangs is named; --target and --seed with --cases 1 \
            repeat it, --show prints its bytes.
            Targets: \(FuzzTarget.all.map(\.name).joined(separator: ", ")).
            """)

    @Option(help: "A target; all of them when left out.") var target: String?
    @Option(help: "How long to run each target.") var seconds = 10
    @Option(help: "The number of the first case.") var seed: UInt64 = 1
    @Option(help: "The most cases to run.") var cases: UInt64 = .max
    @Flag(help: "Print the bytes of the first case and end.") var show = false

    public init() {}

    private var targets: [FuzzTarget] { FuzzTarget.all.filter { target == nil || $0.name == target } }

    public func validate() throws {
        if targets.isEmpty { throw ValidationError("there is no target \(target ?? "")") }
        if seconds < 1 || seconds > 100_000 { throw ValidationError("--seconds must be from 1 to 100000") }
    }

    public func run() throws {
        for target in targets {
            if show {
                print("\(target.name): \(String(decoding: target.input(ofCase: seed), as: UTF8.self).debugDescription)")
                continue
            }
            let clock = ContinuousClock()
            let end = clock.now + .seconds(seconds)
            CrashReport.begin(target.name)
            var done: UInt64 = 0
            let memory = residentPages
            while done < cases, done % 256 != 0 || clock.now < end {
                let number = seed &+ done
                CrashReport.note(number)
                do throws(FuzzFailure) { try target.run(number) } catch {
                    print("\(target.name): case \(number): \(error)")
                    throw ExitCode.failure
                }
                done += 1
                if done % 4096 == 0, residentPages > memory + (256 << 20) / 4096 {
                    print("\(target.name): memory has grown by more than 256 MiB up to case \(number)")
                    throw ExitCode.failure
                }
            }
            print("\(target.name): \(done) cases from \(seed) on, nothing found")
        }
    }

    private var residentPages: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let text = String(decoding: line.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0
    }
}

extension FuzzTarget {
    package static let all = [
        admin, reply, record, frame, message, greeting, configuration, chunk, progress, state, command, raft,
        writeAheadLog,
    ]
}

/// Says which case was running when the process traps, crashes, or hangs for ten seconds.
private enum CrashReport {
    private static let number = Atomic<UInt64>(0)

    static func begin(_ target: String) {
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] {
            Glibc.signal(signal) { signal in
                CrashReport.write(CrashReport.number.load(ordering: .relaxed), signal)
                _exit(1)
            }
        }
        print("\(target): begun")
        fflush(nil)
    }

    static func note(_ next: UInt64) {
        number.store(next, ordering: .relaxed)
        alarm(10)
    }

    /// Allocates nothing: the process is in a state where it may not.
    private static func write(_ number: UInt64, _ signal: CInt) {
        let text: StaticString = signal == SIGALRM ? "\nhangs: case " : "\ncrashed: case "
        _ = Glibc.write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 21) { digits in
            var place = 20
            digits[place] = UInt8(ascii: "\n")
            var rest = number
            repeat {
                place -= 1
                digits[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            _ = Glibc.write(STDERR_FILENO, digits.baseAddress?.advanced(by: place), 21 - place)
        }
    }
}
