import Foundation
import HubStore
import Testing

@Suite struct FloydPathTests {
    @Test func aNewDirectoryIsMadePrivateAndLocked() throws {
        try withTemporaryDirectory { base in
            let path = base + "/above/floyd"
            let (directory, lock) = try FloydPath.open(path)
            #expect(directory.raft == path + "/raft")
            for name in ["", "/raft", "/state", "/relay"] { #expect(try mode(path + name) == 0o700) }
            for name in ["/FORMAT", "/LOCK"] { #expect(try mode(path + name) == 0o600) }
            #expect(throws: FloydPathError.inUse(path: path, pid: getpid())) { try FloydPath.open(path) }
            #expect(try FloydPath(existing: path) == directory)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func theLockEndsWithItsOwner() throws {
        try withTemporaryDirectory { base in
            let path = base + "/floyd"
            for _ in 0..<2 { _ = try FloydPath.open(path) }
        }
    }

    @Test func rightsOfOthersAreTakenAway() throws {
        try withTemporaryDirectory { base in
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: base)
            _ = try FloydPath.open(base)
            #expect(try mode(base) == 0o700)
        }
    }

    @Test func foreignDirectoriesAreLeftAlone() throws {
        try withTemporaryDirectory { base in
            try Data().write(to: URL(filePath: base + "/somebody's"))
            #expect(throws: FloydPathError.foreign(path: base)) { try FloydPath.open(base) }
            #expect(throws: FloydPathError.foreign(path: base)) { try FloydPath(existing: base) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: base) == ["somebody's"])
            #expect(throws: FloydPathError.self) { try FloydPath.open(base + "/somebody's") }
        }
    }

    @Test(arguments: ["pika_hub floyd-path 2\n", "pika_hub floyd-path x\n", "", "something else"])
    func otherFormatsAreRefused(text: String) throws {
        try withTemporaryDirectory { base in
            _ = try FloydPath.open(base)
            try Data(text.utf8).write(to: URL(filePath: base + "/FORMAT"))
            let expected: FloydPathError =
                text.contains("2") ? .unknownVersion(path: base, found: 2) : .damagedFormat(path: base)
            #expect(throws: expected) { try FloydPath.open(base) }
        }
    }

    @Test func aCrashBeforeTheFormatWasWrittenIsNoObstacle() throws {
        try withTemporaryDirectory { base in
            try Data("12".utf8).write(to: URL(filePath: base + "/LOCK"))
            try Data("pika".utf8).write(to: URL(filePath: base + "/FORMAT.new"))
            _ = try FloydPath.open(base)
        }
    }

    @Test func aLockFileThatHoldsSomethingElseIsLeftAlone() throws {
        try withTemporaryDirectory { base in
            let path = base + "/notes.txt"
            try Data("my notes".utf8).write(to: URL(filePath: path))
            #expect(throws: LockFileError.foreign(path: path)) { try LockFile(path: path) }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "my notes")
        }
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }
}
