import ExecutionModel

extension ExecutionState {
    /// The state as records that ``init(snapshot:number:delayMax:)`` reads: all that was recorded, and what of it the record
    /// does not say that the handler has been told. O(n) in rows and bytes.
    ///
    /// A payload that the state holds as ``Payload/stored(lsn:length:)`` is written as that. So is a longer one than
    /// `length` bytes whose record the caller can name; of any other the snapshot has the bytes. Whoever reads a stored one
    /// needs that record.
    ///
    /// - Parameters:
    ///   - length: Bytes that a payload may have to be written as it is.
    ///   - lsn: The LSN of this execution's event of a sequence; nil where the caller does not know it. It must be durable.
    package func snapshotRecords(
        storingPayloadsOver length: Int = .max, lsn: (_ sequence: UInt32) -> UInt64? = { _ in nil }
    ) -> [SnapshotRecord] {
        func kept(_ payload: Payload?, at sequence: UInt32) -> Payload? {
            // What was before an earlier snapshot has no sequence any more; the first event is no operation's.
            guard case .inline(let bytes)? = payload, bytes.count > length, sequence > 1, let lsn = lsn(sequence) else {
                return payload
            }
            return .stored(lsn: lsn, length: bytes.count)
        }
        var records: [SnapshotRecord] = []
        records.reserveCapacity(rows.count + 2)
        records.append(SnapshotRecord(.start) { encodeStart(storingPayloadsOver: length, into: &$0) })
        records.append(SnapshotRecord(.progress) { encodeProgress(result: kept(result, at: endSequence), into: &$0) })
        for row in rows {
            // The state of a poll was recorded before its last change; what an operation ended with, by that.
            let result =
                row.operation.status.isTerminal
                ? kept(row.operation.result, at: row.changeSequence) : row.operation.result
            records.append(
                SnapshotRecord(.operation) {
                    row.encode(
                        result: result, isUnseen: row.changeSequence > toldSequence, since: startTime, into: &$0)
                })
        }
        return records
    }

    /// About how many bytes ``snapshotRecords(storingPayloadsOver:lsn:)`` come to, without those that are stored. O(n) in
    /// rows.
    package var snapshotByteCountEstimate: Int {
        // The fields of fixed and nearly fixed length.
        var byteCount = 128 + 24 * rows.count
        byteCount += start.function.utf8.count + start.name.utf8.count + (start.traceHeader?.utf8.count ?? 0)
        byteCount += start.input.inlineLength + result.inlineLength + (error?.byteCount ?? 0)
        for hold in retentionHolds { byteCount += 8 + hold.name.utf8.count + (hold.reason?.utf8.count ?? 0) }
        for row in rows {
            byteCount += row.operation.identity.id.rawValue.utf8.count
            byteCount += row.operation.identity.name?.utf8.count ?? 0
            byteCount += row.operation.result.inlineLength + (row.operation.error?.byteCount ?? 0)
        }
        return byteCount
    }

    private func encodeStart(storingPayloadsOver length: Int, into bytes: inout [UInt8]) {
        bytes.append(random: start.secret)
        bytes.append(string: start.function)
        bytes.append(string: start.version)
        bytes.append(string: start.name)
        bytes.append(optionalDelay: start.timeout)
        // The number of an execution is the LSN of the record that holds its input.
        if case .inline(let input)? = start.input, input.count > length {
            bytes.append(kept: .stored(lsn: number.rawValue, length: input.count))
        } else {
            bytes.append(kept: start.input)
        }
        bytes.append(retention: start.retention)
        bytes.append(extensionOf: start)
        bytes.append(signed: startTime.millisecondsSinceEpoch)
    }

    private func encodeProgress(result: Payload?, into bytes: inout [UInt8]) {
        bytes.append(status.rawValue)
        bytes.append(varint: UInt64(sequence))
        bytes.append(time: lastTime, since: startTime)
        bytes.append(varint: UInt64(lastEventID))
        bytes.append(varint: UInt64(operationCount))
        bytes.append(varint: UInt64(invocationCount))
        encodePhase(into: &bytes)
        bytes.append(varint: UInt64(failedInvocationCount))
        bytes.append(varint: UInt64(refusedInvocationCount))
        bytes.append(varint: UInt64(meteredOperationCount))
        bytes.append(varint: UInt64(meteredByteCount))
        bytes.append(signed: timeoutExtension.rawValue)
        let isUnseen = !status.isTerminal && changeSequence > toldSequence
        bytes.append(
            (isTokenRevoked ? ProgressFlags.tokenRevoked : 0)
                | (cancelRequest == nil ? 0 : ProgressFlags.cancelRequested) | (isUnseen ? ProgressFlags.unseen : 0)
                | (isHistoryTrimmed ? ProgressFlags.historyTrimmed : 0)
                | (retentionHolds.isEmpty ? 0 : ProgressFlags.held))
        if let cancelRequest {
            bytes.append(time: cancelRequest.time, since: startTime)
            bytes.append(optionalString: cancelRequest.reason)
        }
        if let pause {
            bytes.append(pause.request.pausesTimeout ? 1 : 0)
            bytes.append(optionalString: pause.request.reason)
            bytes.append(time: pause.requestTime, since: startTime)
            if let since = pause.since { bytes.append(time: since, since: startTime) }
        }
        if let endTime {
            bytes.append(time: endTime, since: startTime)
            bytes.append(kept: result)
            bytes.append(optionalError: error)
        }
        encodeRetention(into: &bytes)
    }

    private func encodeRetention(into bytes: inout [UInt8]) {
        if let historyTrimTime { bytes.append(time: historyTrimTime, since: startTime) }
        guard !retentionHolds.isEmpty else { return }
        bytes.append(varint: UInt64(retentionHolds.count))
        for hold in retentionHolds {
            bytes.append(string: hold.name)
            bytes.append(optionalString: hold.reason)
            bytes.append(time: hold.time, since: startTime)
        }
    }

    private func encodePhase(into bytes: inout [UInt8]) {
        switch phase {
        case .neverInvoked: bytes.append(PhaseCode.neverInvoked)
        case .inFlight(let requestID, let since):
            bytes.append(PhaseCode.inFlight)
            bytes.append(random: requestID)
            bytes.append(time: since, since: startTime)
        case .suspended(let mustWake): bytes.append(mustWake ? PhaseCode.mustWake : PhaseCode.suspended)
        case .failed(let retryTime):
            bytes.append(PhaseCode.failed)
            bytes.append(time: retryTime, since: startTime)
        case .held(let divergence):
            bytes.append(PhaseCode.held)
            bytes.append(identity: divergence.recorded)
            bytes.append(identity: divergence.attempted)
        case .over: bytes.append(PhaseCode.over)
        }
    }
}

extension SnapshotRecord {
    fileprivate init(_ kind: SnapshotKind, _ encode: (inout [UInt8]) -> Void) {
        self.init(kind: kind.rawValue, body: [])
        encode(&body)
    }
}

extension Payload? {
    fileprivate var inlineLength: Int {
        guard case .inline(let bytes)? = self else { return 0 }
        return bytes.count
    }
}
