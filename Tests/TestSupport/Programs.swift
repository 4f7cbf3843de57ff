import Foundation

/// Runs a program and returns its status and what it wrote on both streams, once it has ended.
package func run(_ path: String, _ arguments: [String], input: String = "") async throws -> (
    status: Int32, output: String
) {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    let output = Pipe()
    let source = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = source
    return try await withCheckedThrowingContinuation { continuation in
        process.terminationHandler = { process in
            let bytes = output.fileHandleForReading.readDataToEndOfFile()
            // At once: who asks for long would run out of descriptors.
            output.fileHandleForReading.closeFile()
            continuation.resume(returning: (process.terminationStatus, String(decoding: bytes, as: UTF8.self)))
        }
        do {
            try process.run()
            try source.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try source.fileHandleForWriting.close()
        } catch {
            continuation.resume(throwing: error)
        }
    }
}
