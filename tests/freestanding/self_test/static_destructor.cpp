volatile int target = 0;
struct Ends {
    ~Ends() { target = 1; }
};
Ends ends;
