extension RelayChunk {
    /// The commands with their arguments, for tools.
    ///
    /// - Throws: `RecordError` when the bytes are not whole commands, one after the other.
    public func splitCommands() throws(RecordError) -> [[ArraySlice<UInt8>]] {
        var result: [[Range<Int>]] = []
        var failure: RecordError?
        commands.withUnsafeBytes { bytes in
            var cursor = RecordCursor(bytes: bytes, position: 0)
            do throws(RecordError) {
                while cursor.position < bytes.count { result.append(try cursor.command()) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return result.map { arguments in arguments.map { commands[$0] } }
    }
}

extension RecordCursor {
    fileprivate mutating func command() throws(RecordError) -> [Range<Int>] {
        self = RecordCursor(bytes: bytes, position: position)
        guard let count = try number(after: UInt8(ascii: "*")) else { throw .truncated }
        guard count >= 1 else { throw .argumentCount(count) }
        var arguments: [Range<Int>] = []
        for _ in 0..<count {
            guard let argument = try argument() else { throw .truncated }
            arguments.append(argument)
        }
        return arguments
    }
}
