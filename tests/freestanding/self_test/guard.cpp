struct Value {
    explicit Value(volatile int& from) : number(from) {}
    int number;
};
volatile int source = 1;
int once();
int once() {
    static const Value value(source);
    return value.number;
}
