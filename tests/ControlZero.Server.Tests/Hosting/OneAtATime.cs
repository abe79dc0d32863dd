// Some tests measure what the whole process allocates or keeps, or what a thread is given of a processor: none runs beside another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
