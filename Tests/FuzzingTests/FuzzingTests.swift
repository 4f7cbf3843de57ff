import Fuzzing
import Testing

/// A brief run of every target; `fuzz` runs them for as long as one likes.
@Suite struct FuzzingTests {
    @Test(arguments: FuzzTarget.all.map(\.name))
    func damagedBytesAreReadOrRefused(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        for number in 1...1_500 as ClosedRange<UInt64> {
            #expect(throws: Never.self, "\(name), case \(number)") { try target.run(number) }
        }
    }

    /// A member's incarnation that was 0 and not missing.
    @Test(arguments: [("raft", 1_134_982), ("message", 587_009)] as [(String, UInt64)])
    func casesThatFailedOnce(name: String, number: UInt64) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        #expect(throws: Never.self) { try target.run(number) }
    }

    @Test func aCaseIsRepeatedByItsNumber() throws {
        for target in FuzzTarget.all { #expect(target.input(ofCase: 4711) == target.input(ofCase: 4711)) }
    }
}
