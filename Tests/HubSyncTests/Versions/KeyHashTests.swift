import Testing

@testable import HubSync

@Suite struct KeyHashTests {
    private func hash(_ text: String, seed: UInt64 = 1) -> KeyHash {
        Array(text.utf8).withUnsafeBytes { KeyHasher(seed: seed).hash($0, 0..<$0.count) }
    }

    @Test func theSameBytesAnywhereHashTheSame() {
        let padded = Array("..some longer key..".utf8)
        let inner = padded.withUnsafeBytes { KeyHasher(seed: 1).hash($0, 2..<17) }
        #expect(inner == hash("some longer key"))
    }

    @Test func everyByteAndTheLengthMatter() {
        let keys = ["", "\0", "\0\0", "a", "b", "c", "aa", "a\0", "a\0\0", "abcdefgh", "abcdefgi", "abcdefgh\0"]
        for seed in UInt64(0)..<16 {
            #expect(Set(keys.map { hash($0, seed: seed).high }).count == keys.count)
            #expect(Set(keys.map { hash($0, seed: seed).low }).count == keys.count)
        }
    }

    @Test func theSecretMatters() {
        #expect(hash("key", seed: 1) != hash("key", seed: 2))
    }

    @Test func placesAreSpread() {
        var places: [UInt64: Int] = [:]
        for number in 0..<4096 { places[hash("user:\(number)").high & 1023, default: 0] += 1 }
        #expect(places.values.max() ?? 0 < 20)
    }
}
