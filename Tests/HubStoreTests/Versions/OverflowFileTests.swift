import Foundation
import Testing

@testable import HubStore

@Suite struct OverflowFileTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("overflow-\(UUID().uuidString)")
        .path

    private func file(_ other: String? = nil) throws -> OverflowFile { try OverflowFile(path: other ?? path) { $0() } }

    private func read(_ storage: any OverflowStorage, _ count: Int, at offset: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try storage.read($0, at: offset) }
        return bytes
    }

    private func fill(_ storage: any OverflowStorage) throws {
        for (place, byte) in [(0, 1), (2, 2), (1, 3)] as [(Int, UInt8)] {
            try [UInt8](repeating: byte, count: 1000).withUnsafeBytes { try storage.write($0, at: place * 1000) }
        }
        let write = storage.writeSoon(at: 500) { use in [UInt8]([9, 9]).withUnsafeBytes { use($0) } }
        #expect(write.outcome == .written)
    }

    @Test(arguments: [false, true])
    func givesBackWhatWasWritten(_ inMemory: Bool) throws {
        let storage: any OverflowStorage = inMemory ? OverflowMemory() : try file()
        try fill(storage)
        #expect(try read(storage, 4, at: 998) == [1, 1, 3, 3])
        #expect(try read(storage, 4, at: 499) == [1, 9, 9, 1])
        #expect(try read(storage, 1000, at: 2000) == [UInt8](repeating: 2, count: 1000))
        try storage.truncate(to: 1500)
        #expect(try read(storage, 1, at: 1499) == [3])
        #expect(throws: FileError.self) { try read(storage, 2, at: 1499) }
    }

    @Test func hasNoName() throws {
        let file = try file()
        try fill(file)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aPlaceThatIsMissingIsNamed() {
        #expect {
            try file(path + "/missing/file")
        } throws: { ($0 as? FileError)?.description.hasPrefix(path) ?? false }
    }

    @Test func aFullDiskIsAnError() throws {
        let file = try OverflowFile(descriptor: open("/dev/full", O_RDWR | O_CLOEXEC), path: path) { $0() }
        let write = file.writeSoon(at: 0) { use in [UInt8](repeating: 1, count: 100).withUnsafeBytes { use($0) } }
        #expect(write.outcome == .failed(FileError(path: path, code: ENOSPC)))
        #expect(throws: FileError(path: path, code: ENOSPC)) { try fill(file) }
    }
}
