import Foundation
import Testing

@testable import HubStore

@Suite struct OverflowFileTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("overflow-\(UUID().uuidString)")
        .path

    private func read(_ storage: any OverflowStorage, _ count: Int, at offset: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try storage.read($0, at: offset) }
        return bytes
    }

    private func fill(_ storage: any OverflowStorage) throws {
        for (place, byte) in [(0, 1), (2, 2), (1, 3)] as [(Int, UInt8)] {
            try [UInt8](repeating: byte, count: 1000).withUnsafeBytes { try storage.write($0, at: place * 1000) }
        }
    }

    @Test(arguments: [false, true])
    func givesBackWhatWasWritten(_ inMemory: Bool) throws {
        let storage: any OverflowStorage = inMemory ? OverflowMemory() : try OverflowFile(path: path)
        try fill(storage)
        #expect(try read(storage, 4, at: 998) == [1, 1, 3, 3])
        #expect(try read(storage, 1000, at: 2000) == [UInt8](repeating: 2, count: 1000))
        try storage.truncate(to: 1500)
        #expect(try read(storage, 1, at: 1499) == [3])
        #expect(throws: FileError.self) { try read(storage, 2, at: 1499) }
    }

    @Test func hasNoName() throws {
        let file = try OverflowFile(path: path)
        try fill(file)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aPlaceThatIsMissingIsNamed() {
        #expect {
            try OverflowFile(path: path + "/missing/file")
        } throws: { ($0 as? FileError)?.description.hasPrefix(path) ?? false }
    }

    @Test func aFullDiskIsAnError() throws {
        let file = try OverflowFile(descriptor: open("/dev/full", O_RDWR | O_CLOEXEC), path: path)
        #expect(throws: FileError(path: path, code: ENOSPC)) { try fill(file) }
    }
}
